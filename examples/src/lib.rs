//! The examples of routine; see the folder `examples/examples`.
