//! Plugins that spoil the directory of their session.

told! {
    UnlinksItsSocket as unlinks_its_socket {
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "a call back is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
    ReplacesItsSocket as replaces_its_socket {
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "a call back is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
    FillsTheDirectory as fills_the_directory {
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "a call back is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
    RemovesTheDirectory as removes_the_directory {
        "multiplexed" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "a call back is answered: \"hello\"",
            "it closes: exit code 0",
        ]
        "gRPC" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "serving it fails: no listener could be made: no socket could be made in `DIR`: No such file or directory (os error 2)",
            "it closes: exit code 0",
        ]
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "a call back is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
}
