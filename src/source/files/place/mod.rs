//! Where a file is read up to, and how that is found again: by what a file is known ([`print`]), the text of it
//! in a checkpoint ([`position`]) and for people ([`shown`]), and what has become of it meanwhile ([`resume`]).

pub mod position;
pub mod print;
pub mod resume;
pub mod shown;
