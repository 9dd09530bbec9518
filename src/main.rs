//! Reads the command line, calls the library, sets the exit status.

fn main() {}
