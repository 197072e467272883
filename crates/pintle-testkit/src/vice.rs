//! The ways in which the program `rogue` can misbehave.

/// Makes the enum, its list and its words of one table.
macro_rules! vices {
    ($($step:ident { $($(#[doc = $does:literal])+ $vice:ident = $name:literal,)+ })+) => {
        /// One way to misbehave, and a mode of the program `rogue`.
        ///
        /// What a host makes of each is in `tests/it/rogue.rs`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Vice {
            $($($(#[doc = $does])+ $vice,)+)+
        }

        impl Vice {
            /// Every one there is.
            pub const ALL: &[Self] = &[$($(Self::$vice,)+)+];

            /// The mode's name on the command line.
            pub fn name(self) -> &'static str {
                match self {
                    $($(Self::$vice => $name,)+)+
                }
            }

            /// When it shows.
            pub fn step(self) -> Step {
                match self {
                    $($(Self::$vice)|+ => Step::$step,)+
                }
            }
        }
    };
}

/// When a vice shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Up to its handshake line.
    Start,
    /// When the host connects to it.
    Connect,
    /// When its connection is spoken on.
    Wire,
    /// When it is called.
    Call,
    /// In what it prints.
    Output,
    /// In the directory of the session's sockets.
    Files,
    /// When it is to end.
    Close,
}

vices! {
    Start {
        /// Ends with code 3 after two lines on its stderr.
        ExitsEarly = "exits-early",
        /// Ends with code 3 after a line on its stderr, and leaves a process out of its group that
        /// holds its outputs.
        ExitsEarlyAndLosesAChild = "exits-early-and-loses-a-child",
        /// Ends by a signal.
        KillsItselfEarly = "kills-itself-early",
        /// Says hello to a person, and ends well.
        Garbage = "garbage",
        /// Prints bytes that are no text, and ends well.
        BinaryGarbage = "binary-garbage",
        /// Prints text without end.
        FloodsStdout = "floods-stdout",
        /// Prints a line without end.
        LongLine = "long-line",
        /// Prints the beginning of a line and waits.
        HalfALine = "half-a-line",
        /// Prints nothing and waits.
        Silent = "silent",
        /// Closes its stdout and waits.
        ClosesStdout = "closes-stdout",
        /// Speaks of another handshake.
        WrongCoreVersion = "wrong-core-version",
        /// Speaks another version of the application's protocol.
        WrongAppVersion = "wrong-app-version",
        /// Listens on a network that there is not.
        WrongNetwork = "wrong-network",
        /// Speaks a transport that nobody knows.
        UnknownProtocol = "unknown-protocol",
        /// Speaks Go's own.
        NetRpc = "netrpc",
        /// Listens where no socket can be.
        LongAddress = "long-address",
        /// Listens at an address that drives a terminal.
        EscapesInAddress = "escapes-in-address",
        /// Sends no certificate though it was asked for one.
        NoCertificate = "no-certificate",
        /// Sends a certificate that is none.
        BadCertificate = "bad-certificate",
        /// Does not say whether it puts everything on one connection.
        IgnoresMultiplexing = "ignores-multiplexing",
    }
    Connect {
        /// Listens nowhere, and lives on.
        NoListener = "no-listener",
        /// Ends with its line, which is not even ended.
        DiesWithItsLine = "dies-with-its-line",
        /// Says two lines, the first of which is not true.
        TwoLines = "two-lines",
        /// Listens, and takes no notice of who connects.
        SilentListener = "silent-listener",
        /// Ends with code 7 when somebody connects.
        ExitsWhenConnected = "exits-when-connected",
        /// Shows another certificate than that on its line.
        AnotherIdentity = "another-identity",
        /// Shows the certificate of its line, without the key to it.
        StolenCertificate = "stolen-certificate",
    }
    Wire {
        /// Writes noise on every connection, in place of TLS if there is any.
        GarblesTheSocket = "garbles-the-socket",
        /// Closes every connection at once.
        HangsUp = "hangs-up",
        /// Writes noise where gRPC or tarpc is expected.
        GarblesTheStream = "garbles-the-stream",
        /// Says nothing where gRPC or tarpc is expected.
        DeafWithin = "deaf-within",
        /// Ends the stream where gRPC or tarpc is expected.
        HangsUpWithin = "hangs-up-within",
        /// Says hello and goodbye at once.
        GoesAway = "goes-away",
        /// Answers with bytes that are no message.
        AnswersNonsense = "answers-nonsense",
        /// Announces an answer of 4 GiB.
        AnswersTooLong = "answers-too-long",
        /// Answers without a status.
        EndsWithoutStatus = "ends-without-status",
        /// Resets every call.
        ResetsCalls = "resets-calls",
        /// Answers one call with messages without end.
        AnswersForEver = "answers-for-ever",
        /// Never answers.
        NeverAnswers = "never-answers",
        /// Answers everything but the request to end.
        NeverShutsDown = "never-shuts-down",
        /// Announces broker ids that nobody asked for.
        AnnouncesUnasked = "announces-unasked",
        /// Announces an id twice, the second time with an address that is not there.
        AnnouncesTwice = "announces-twice",
        /// Announces an id at an address where nobody is.
        AnnouncesNowhere = "announces-nowhere",
        /// Announces an id at addresses that are none.
        AnnouncesNonsense = "announces-nonsense",
        /// Announces 100,000 ids.
        FloodsAnnouncements = "floods-announcements",
        /// Knocks 100,000 times, for ids nobody serves.
        KnocksInVain = "knocks-in-vain",
        /// Answers knocks that were never made.
        AnswersUnaskedKnocks = "answers-unasked-knocks",
        /// Opens 10,000 streams on the shared connection.
        OpensManyStreams = "opens-many-streams",
        /// Prints on a channel that there is not.
        UnknownOutput = "unknown-output",
        /// Breaks the stream of what it prints.
        BreaksOutput = "breaks-output",
    }
    Call {
        /// Says why and ends with code 9 while it is called.
        ExitsMidCall = "exits-mid-call",
        /// Ends with code 0 while it is called, as if all were well.
        ExitsWellMidCall = "exits-well-mid-call",
        /// Kills itself while it is called.
        KillsItself = "kills-itself",
        /// Aborts while it is called.
        Aborts = "aborts",
        /// Touches memory that is not its own.
        Segfaults = "segfaults",
        /// Recurses without end.
        OverflowsItsStack = "overflows-its-stack",
        /// Asks for more memory than it may have.
        ExceedsItsMemory = "exceeds-its-memory",
        /// Panics in the call.
        PanicsInACall = "panics-in-a-call",
        /// Panics outside of any call, in its main.
        PanicsInMain = "panics-in-main",
        /// Stops itself as a debugger would.
        StopsItself = "stops-itself",
        /// Closes its connection and lives on.
        ClosesItsConnection = "closes-its-connection",
        /// Panics in a thread, closes its connection and lives on.
        PanicsAndHangsUp = "panics-and-hangs-up",
    }
    Output {
        /// Closes its stdout and stderr after its line.
        ClosesItsOutputs = "closes-its-outputs",
        /// Writes a line of 10 MiB to its log.
        LongLogLine = "long-log-line",
        /// Writes bytes to its log that drive a terminal.
        EscapesInLog = "escapes-in-log",
        /// Writes JSON to its log that breaks parsers.
        LogBombs = "log-bombs",
        /// Writes to its stderr and its log without end.
        FloodsItsOutputs = "floods-its-outputs",
    }
    Files {
        /// Removes the file of its own socket.
        UnlinksItsSocket = "unlinks-its-socket",
        /// Puts a directory with a file in the place of its socket.
        ReplacesItsSocket = "replaces-its-socket",
        /// Makes 2,000 files and a deep directory beside its socket.
        FillsTheDirectory = "fills-the-directory",
        /// Removes the whole directory.
        RemovesTheDirectory = "removes-the-directory",
    }
    Close {
        /// Ends with code 4 when asked to.
        FailsAtTheEnd = "fails-at-the-end",
        /// Answers the request to end and lives on, until SIGTERM.
        EndsAtSigterm = "ends-at-sigterm",
        /// Answers the request to end and lives on, whatever signal comes.
        IgnoresShutdown = "ignores-shutdown",
        /// Leaves a process behind that holds its outputs.
        LeavesAGrandchild = "leaves-a-grandchild",
        /// Leaves many behind.
        LeavesMany = "leaves-many",
        /// Leaves a process out of its group that writes to its stderr now and then, without end.
        LosesAChattyChild = "loses-a-chatty-child",
    }
}

impl Vice {
    /// The vice of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|vice| vice.name() == name)
    }
}
