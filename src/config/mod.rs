//! Config file and target discovery: pure parsing and precedence.
//!
//! The caller reads files and the environment and hands their text in. Where targets come from,
//! in this order: the command line; the config file; `$AIMAESTRO_HOSTS`; AI Maestro's hosts file;
//! what PM2's logs complain about. The first that has any wins ([`targets::choose`]).

pub mod address;
pub mod file;
pub mod targets;
