"""Looks at the executables that cargo linked for macOS, and fails where one is none that a Mac would run.

usage: macho.py CARGO_MESSAGES TARGET...

Each must be a Mach-O executable for its target that needs only libraries every Mac has, and signed where it is for arm64.
"""
import json
import struct
import sys

CPU = {"aarch64": 0x0100000C, "x86_64": 0x01000007}
MAGIC, EXECUTE = 0xFEEDFACF, 2
LOAD_DYLIB, LOAD_WEAK_DYLIB, REEXPORT_DYLIB, CODE_SIGNATURE = 0xC, 0x18, 0x1F, 0x1D


def look(path, target):
    """What is wrong with it, or None."""
    with open(path, "rb") as file:
        data = file.read()
    arch = target.split("-")[0]
    magic, cpu, _, kind, commands = struct.unpack_from("<5I", data)
    if (magic, cpu, kind) != (MAGIC, CPU[arch], EXECUTE):
        return "is not a Mach-O executable for " + arch
    offset, signed = 32, False
    for _ in range(commands):
        command, size = struct.unpack_from("<2I", data, offset)
        if command & 0x7FFFFFFF in (LOAD_DYLIB, LOAD_WEAK_DYLIB, REEXPORT_DYLIB):
            (name,) = struct.unpack_from("<I", data, offset + 8)
            library = data[offset + name : offset + size].split(b"\0")[0].decode()
            if not library.startswith(("/usr/lib/", "/System/Library/")):
                return "needs %s, which no Mac has" % library
        signed |= command == CODE_SIGNATURE
        offset += size
    return None if signed or arch == "x86_64" else "is not signed, and an arm64 Mac would not start it"


def main():
    messages, targets = sys.argv[1], sys.argv[2:]
    with open(messages) as file:
        built = {json.loads(line).get("executable") for line in file if line.startswith("{")}
    failed = False
    for target in targets:
        # Tests of proc macros would run on this computer; they are not below the target's folder.
        executables = sorted(path for path in built if path and "/%s/" % target in path)
        for path in executables:
            wrong = look(path, target)
            if wrong:
                print("%s %s" % (path, wrong))
                failed = True
        print("%s: %d executables" % (target, len(executables)))
        failed |= not executables
    sys.exit(failed)


main()
