//! Plugins that end, hang or panic while they are called.

told! {
    ExitsMidCall as exits_mid_call {
        "" => [
            "the call is lost, Exited: plugin `PLUGIN` ended unexpectedly: exit code 9, during the call `Ask`; its last words: error: out of cheese",
            "Exited: plugin `PLUGIN` ended unexpectedly: exit code 9; its last words: error: out of cheese",
        ]
    }
    ExitsWellMidCall as exits_well_mid_call {
        "" => [
            "the call is lost, Exited: plugin `PLUGIN` ended unexpectedly: exit code 0, during the call `Ask`",
            "Exited: plugin `PLUGIN` ended unexpectedly: exit code 0",
        ]
    }
    KillsItself as kills_itself {
        "" => [
            "the call is lost, Exited: plugin `PLUGIN` ended unexpectedly: killed by signal 9 (SIGKILL), during the call `Ask`",
            "Exited: plugin `PLUGIN` ended unexpectedly: killed by signal 9 (SIGKILL)",
        ]
    }
    Aborts as aborts {
        "" => [
            "the call is lost, Exited: plugin `PLUGIN` ended unexpectedly: killed by signal 6 (SIGABRT), during the call `Ask`",
            "Exited: plugin `PLUGIN` ended unexpectedly: killed by signal 6 (SIGABRT)",
        ]
    }
    Segfaults as segfaults {
        "" => [
            "the call is lost, Exited: plugin `PLUGIN` ended unexpectedly: killed by signal 11 (SIGSEGV), during the call `Ask`",
            "Exited: plugin `PLUGIN` ended unexpectedly: killed by signal 11 (SIGSEGV)",
        ]
    }
    OverflowsItsStack as overflows_its_stack {
        "" => [
            "the call is lost, Exited: plugin `PLUGIN` ended unexpectedly: killed by signal 6 (SIGABRT), during the call `Ask`; its last words: fatal runtime error: stack overflow, aborting",
            "Exited: plugin `PLUGIN` ended unexpectedly: killed by signal 6 (SIGABRT); its last words: fatal runtime error: stack overflow, aborting",
        ]
    }
    ExceedsItsMemory as exceeds_its_memory {
        "" => [
            "the call is lost, Exited: plugin `PLUGIN` ended unexpectedly: killed by signal 6 (SIGABRT), perhaps for want of memory, during the call `Ask`; its last words: memory allocation of 1073741824 bytes failed",
            "Exited: plugin `PLUGIN` ended unexpectedly: killed by signal 6 (SIGABRT), perhaps for want of memory; its last words: memory allocation of 1073741824 bytes failed",
        ]
    }
    PanicsInACall as panics_in_a_call {
        "gRPC" => [
            "the call fails: it broke: the handler panicked: out of cheese",
            "another is answered: \"hello\"",
            "it closes: exit code 0",
        ]
        "" => [
            "the call fails: it broke: the call panicked: out of cheese",
            "another is answered: \"hello\"",
            "it closes: exit code 0",
        ]
    }
    PanicsInMain as panics_in_main {
        "" => [
            "the call is lost, Exited: plugin `PLUGIN` ended unexpectedly: exit code 101, during the call `Ask`; it panicked at crates/pintle-testkit/src/bin/rogue/vices.rs:LINE: out of cheese",
            "Exited: plugin `PLUGIN` ended unexpectedly: exit code 101; it panicked at crates/pintle-testkit/src/bin/rogue/vices.rs:LINE: out of cheese",
        ]
    }
    StopsItself as stops_itself {
        "" => [
            "the call fails: there was no answer in time",
            "Overdue: plugin `PLUGIN` did not end in time when the host closed it and was killed",
        ]
    }
    ClosesItsConnection as closes_its_connection {
        "" => [
            "the call is lost, ConnectionLost: plugin `PLUGIN` closed its connection while its process lived on; it was killed, during the call `Ask`",
            "ConnectionLost: plugin `PLUGIN` closed its connection while its process lived on; it was killed",
        ]
    }
    PanicsAndHangsUp as panics_and_hangs_up {
        "" => [
            "the call is lost, ConnectionLost: plugin `PLUGIN` closed its connection while its process lived on; it was killed, during the call `Ask`; it panicked at crates/pintle-testkit/src/bin/rogue/vices/calls.rs:LINE: out of cheese",
            "ConnectionLost: plugin `PLUGIN` closed its connection while its process lived on; it was killed; it panicked at crates/pintle-testkit/src/bin/rogue/vices/calls.rs:LINE: out of cheese",
        ]
    }
}
