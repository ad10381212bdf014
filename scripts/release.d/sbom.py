#!/usr/bin/env python3
"""Prints what is compiled into weir: a CycloneDX 1.5 list, made of `cargo metadata` and Cargo.lock.

Crates that only tests need are left out; those that run while weir is compiled are in it, as `excluded`. Libraries in
C that a crate has with it (librdkafka, OpenSSL, zlib, zstd) come under the crate, whose version names theirs behind
the `+`. The same Cargo.lock gives the same bytes.
"""

import datetime
import json
import os
import subprocess
import tomllib
import uuid

PLATFORM = "x86_64-unknown-linux-gnu"


def metadata():
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", PLATFORM]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def reached(root, nodes):
    """What the root needs, and of that what is in the program: by edges that are not for tests."""
    needed, linked = {root}, {root}
    todo = [(root, True)]
    seen = set()
    while todo:
        id, is_linked = todo.pop()
        if (id, is_linked) in seen:
            continue
        seen.add((id, is_linked))
        needed.add(id)
        if is_linked:
            linked.add(id)
        for dep in nodes[id]["deps"]:
            kinds = {kind["kind"] for kind in dep["dep_kinds"]}
            if None in kinds:
                todo.append((dep["pkg"], is_linked))
            elif "build" in kinds:
                # A crate of sources is compiled and linked by another one, as OpenSSL is of openssl-src.
                todo.append((dep["pkg"], is_linked and dep["name"].endswith("_src")))
    return needed, linked


def main():
    data = metadata()
    root = data["resolve"]["root"]
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    packages = {package["id"]: package for package in data["packages"]}
    with open("Cargo.lock", "rb") as lock:
        locked = tomllib.load(lock)["package"]
    sums = {(package["name"], package["version"]): package.get("checksum") for package in locked}
    needed, linked = reached(root, nodes)

    def reference(id):
        return f"pkg:cargo/{packages[id]['name']}@{packages[id]['version']}"

    def component(id):
        package = packages[id]
        part = {
            "type": "library",
            "bom-ref": reference(id),
            "name": package["name"],
            "version": package["version"],
            "scope": "required" if id in linked else "excluded",
            "purl": reference(id),
        }
        if package.get("license"):
            # An old spelling of OR.
            part["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
        checksum = sums.get((package["name"], package["version"]))
        if checksum:
            part["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        if package.get("repository"):
            part["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
        return part

    order = sorted(needed, key=reference)
    edges = [
        {
            "ref": reference(id),
            "dependsOn": sorted({reference(dep["pkg"]) for dep in nodes[id]["deps"] if dep["pkg"] in needed}),
        }
        for id in order
    ]
    whole = component(root) | {"type": "application", "name": "weir"}
    whole.pop("scope")
    components = [component(id) for id in order if id != root]
    text = json.dumps([components, edges], sort_keys=True)
    time = datetime.datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), datetime.timezone.utc)
    print(
        json.dumps(
            {
                "bomFormat": "CycloneDX",
                "specVersion": "1.5",
                "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, text)}",
                "version": 1,
                "metadata": {"timestamp": time.isoformat().replace("+00:00", "Z"), "component": whole},
                "components": components,
                "dependencies": edges,
            },
            indent=1,
        )
    )


main()
