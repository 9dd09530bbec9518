//! AI Maestro: its hosts file.
