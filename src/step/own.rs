//! Flags that several steps have: each is typed behind the step that it belongs to.

use crate::part::Flag;

/// What stands in for what a record lacks.
pub const ELSE: Flag = Flag {
    name: "else",
    takes: &["TEXT"],
    help: "Take TEXT where the step before finds nothing\n\n\
        Without it, a record without the part is bad, so is one on which --jq fails, one in which --extract finds nothing is dropped, and \
        one that is not in the table of --lookup stays as it is.",
};

/// Parts of the same record, as the value of a pair.
pub const VALUE: Flag = Flag {
    name: "value",
    takes: &["SEL"],
    help: "Make pairs: the value is what SEL selects of the same record, the key what the step before does\n\n\
        Behind --jq it is a program, as that is.",
};

/// What separates the parts of a record.
pub const DELIMITER: Flag = Flag {
    name: "delimiter",
    takes: &["SEP"],
    help: "What separates the parts of a record, for the step before\n\n\
        Of --field it is runs of blanks without this flag, as for awk; of --csv it is a comma.",
};

/// What joins several parts.
pub const OUTPUT_DELIMITER: Flag = Flag {
    name: "output-delimiter",
    takes: &["SEP"],
    help: "What joins several parts, for the step before\n\n\
        Without this flag it is the --delimiter given, else a space.",
};

/// The names of columns.
pub const CSV_HEADER: Flag = Flag {
    name: "csv-header",
    takes: &["A,B"],
    help: "The names of the columns, for the --csv before; then the first line is a record like any other",
};
