"""Writes what the linker and the C compiler need of Apple's SDK: text stubs (.tbd) and the headers.

usage: stubs.py SDK ZIG_LIBC CARGO_METADATA

libSystem is Apple's own export list, as Zig ships it. A framework's list is read off the crate that is generated from
its headers (objc2-*), in the version of Cargo.lock: every function or static of an extern block. So a call of a function
that no header has stays undefined and the link fails, as on a Mac.
"""
import json
import os
import re
import shutil
import sys

LIBRARIES = {  # what it is called on a Mac, the crate that names its symbols, symbols that no crate names
    "objc": ("/usr/lib/libobjc.A.dylib", "objc2", ""),
    "iconv": ("/usr/lib/libiconv.2.dylib", None, "iconv iconv_open iconv_close"),
}
FRAMEWORKS = {
    "CoreFoundation": ("Versions/A/CoreFoundation", "objc2-core-foundation", ""),
    "IOKit": ("Versions/A/IOKit", "objc2-io-kit", ""),
    "SystemConfiguration": ("Versions/A/SystemConfiguration", "objc2-system-configuration", ""),
    "Foundation": ("Versions/C/Foundation", None, ""),  # objc2 wants it linked, and calls nothing of it
}
# Libraries that on macOS are other names of libSystem.
ALIASES = "c m pthread dl proc System.B info resolv".split()

EXTERN = re.compile(r'(?:extern\s*"C(?:-unwind)?"|extern_c(?:_unwind)?!)\s*\{')
DECLARED = re.compile(
    r'(?:#\[link_name\s*=\s*"([^"]+)"\]\s*(?:#\[[^\]]*\]\s*)*)?(?:pub(?:\([^)]*\))?\s+)?'
    r"(?:unsafe\s+|safe\s+)?(?:fn\s+(\w+)\s*[(<]|static\s+(?:mut\s+)?(\w+)\s*:)"
)


def block(text, start):
    """The text from behind an opening brace to its end."""
    depth, end = 1, start
    while depth and end < len(text):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
    return text[start:end]


def symbols(crate):
    found = set()
    for folder, _, files in os.walk(os.path.join(crate, "src")):
        for name in files:
            if name.endswith(".rs"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    text = re.sub(r"//[^\n]*", "", file.read())
                for extern in EXTERN.finditer(text):
                    for names in DECLARED.findall(block(text, extern.end())):
                        found.add(next(filter(None, names)))
    return found


def write(path, install_name, names):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    targets = "targets: [ x86_64-macos, arm64-macos ]"
    listed = ", ".join("'_%s'" % name for name in sorted(names))
    lines = ["--- !tapi-tbd", "tbd-version: 4", targets, "install-name: '%s'" % install_name]
    if names:
        lines += ["exports:", "  - " + targets, "    symbols: [ %s ]" % listed]
    with open(path, "w") as file:
        file.write("\n".join(lines + ["...", ""]))


def main():
    sdk, libc, metadata = sys.argv[1:]
    with open(metadata) as file:
        packages = json.load(file)["packages"]
    crates = {package["name"]: os.path.dirname(package["manifest_path"]) for package in packages}
    shutil.rmtree(sdk, ignore_errors=True)
    lib = os.path.join(sdk, "usr/lib")
    os.makedirs(lib)
    os.symlink(os.path.join(libc, "include/any-macos-any"), os.path.join(sdk, "usr/include"))
    shutil.copy(os.path.join(libc, "darwin/libSystem.tbd"), lib)
    for alias in ALIASES:
        os.symlink("libSystem.tbd", os.path.join(lib, "lib%s.tbd" % alias))

    def listed(crate, more):
        return (symbols(crates[crate]) if crate in crates else set()) | set(more.split())

    for name, (install_name, crate, more) in LIBRARIES.items():
        write(os.path.join(lib, "lib%s.tbd" % name), install_name, listed(crate, more))
    for name, (inside, crate, more) in FRAMEWORKS.items():
        folder = "/System/Library/Frameworks/%s.framework/" % name
        write(sdk + folder + name + ".tbd", folder + inside, listed(crate, more))


main()
