//! One probe: resolve, connect each address, request.
