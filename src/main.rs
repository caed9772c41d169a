//! The `splitknee` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    splitknee::cli::main(std::env::args_os())
}
