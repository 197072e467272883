//! Runs host and plugin as a user does.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::process::Command;

#[test]
fn the_plugin_asks_its_host_for_every_sum_over_either_transport() {
    for transport in ["grpc", "tarpc"] {
        let output = Command::new(env!("CARGO_BIN_EXE_counter-host"))
            .env("COUNTER_PLUGIN", env!("CARGO_BIN_EXE_counter-plugin"))
            .args(["--transport", transport, "1", "2", "3"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{transport}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let expected = "the plugin asks for 0 + 1\n\
                        the plugin asks for 1 + 2\n\
                        the plugin asks for 3 + 3\n\
                        total: 6\n";
        assert_eq!(text, expected, "{transport}");
    }
}
