//! Plugins that print what they should not.

told! {
    ClosesItsOutputs as closes_its_outputs {
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
    LongLogLine as long_log_line {
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
    EscapesInLog as escapes_in_log {
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
    LogBombs as log_bombs {
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
    FloodsItsOutputs as floods_its_outputs {
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
}
