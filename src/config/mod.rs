//! Config file and target discovery: pure parsing and precedence.
