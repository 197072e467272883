//! Plugins that do not end as they are asked to.

told! {
    FailsAtTheEnd as fails_at_the_end {
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "it closes: exit code 4",
        ]
    }
    EndsAtSigterm as ends_at_sigterm {
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "Overdue: plugin `PLUGIN` ended only after SIGTERM when the host closed it: exit code 5",
        ]
    }
    IgnoresShutdown as ignores_shutdown {
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "Overdue: plugin `PLUGIN` did not end in time when the host closed it and was killed",
        ]
    }
    LeavesAGrandchild as leaves_a_grandchild {
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
    LeavesMany as leaves_many {
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
    LosesAChattyChild as loses_a_chatty_child {
        "" => [
            "the call is answered: \"done\"",
            "another is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
}
