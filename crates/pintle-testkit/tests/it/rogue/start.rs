//! Plugins that do not come to their handshake line, or say one that cannot be used.

told! {
    ExitsEarly as exits_early {
        "" => [
            "ExitedEarly: it ended before the handshake: exit code 3",
            "  its last stderr lines:",
            "    reading rogue.toml",
            "    \\u{1b}[31merror\\u{1b}[0m: line 7: `colour` is no setting",
        ]
    }
    ExitsEarlyAndLosesAChild as exits_early_and_loses_a_child {
        "" => [
            "ExitedEarly: it ended before the handshake: exit code 3",
            "  its last stderr lines:",
            "    error: out of cheese",
        ]
    }
    KillsItselfEarly as kills_itself_early {
        "" => [
            "ExitedEarly: it ended before the handshake: killed by signal 9 (SIGKILL)",
        ]
    }
    Garbage as garbage {
        "" => [
            "ExitedEarly: it ended before the handshake: exit code 0; it printed \"Hello, world!\\nI am \\u{1b}[31mno\\u{1b}[0m plugin.\"",
            "  hint: is the program a plugin, and is its magic cookie the host's?",
        ]
    }
    BinaryGarbage as binary_garbage {
        "" => [
            "ExitedEarly: it ended before the handshake: exit code 0; it printed \"\\0\\u{1}��\\0\\n�|\\0|�\"",
            "  hint: is the program a plugin, and is its magic cookie the host's?",
        ]
    }
    FloodsStdout as floods_stdout {
        "" => [
            "Garbage: it printed more than 65536 bytes without a handshake line, beginning with \"lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ip…\"",
            "  hint: a plugin prints its handshake line before anything else: is the program a plugin?",
        ]
    }
    LongLine as long_line {
        "" => [
            "Garbage: it printed more than 65536 bytes without a handshake line, beginning with \"1|1|unix|/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…\"",
            "  hint: a plugin prints its handshake line before anything else: is the program a plugin?",
        ]
    }
    HalfALine as half_a_line {
        "" => [
            "NoHandshake: it printed no handshake line within 1s, only \"1|1|uni\"",
            "  hint: is the program a plugin? a slow start can be allowed with Host::start_timeout",
        ]
    }
    Silent as silent {
        "" => [
            "NoHandshake: it printed no handshake line within 1s",
            "  hint: is the program a plugin? a slow start can be allowed with Host::start_timeout",
        ]
    }
    ClosesStdout as closes_stdout {
        "" => [
            "StdoutClosed: it closed its stdout without a handshake line",
            "  hint: a plugin prints its handshake line before anything else: is the program a plugin?",
        ]
    }
    WrongCoreVersion as wrong_core_version {
        "" => [
            "Line: its handshake line cannot be used: the plugin speaks core version 2 and this host speaks 1: rebuild the older of the two with a current library",
        ]
    }
    WrongAppVersion as wrong_app_version {
        "" => [
            "Version: no common protocol version: the host accepts 1; the plugin chose 9",
            "  hint: the plugin is newer than this host: update the host",
        ]
    }
    WrongNetwork as wrong_network {
        "" => [
            "Line: its handshake line cannot be used: the third and fourth fields, network and address, cannot be used: \"pipe\" is not a network this side knows (unix, tcp)",
        ]
    }
    UnknownProtocol as unknown_protocol {
        "gRPC" => [
            "Protocol: it speaks `pigeon`, and this host offers `grpc`",
            "  hint: give that transport to `launch`, too, or let the plugin serve one that is given",
        ]
        "" => [
            "Protocol: it speaks `pigeon`, and this host offers `tarpc`",
            "  hint: give that transport to `launch`, too, or let the plugin serve one that is given",
        ]
    }
    NetRpc as net_rpc {
        "gRPC" => [
            "Protocol: it speaks `netrpc`, and this host offers `grpc`",
            "  hint: `netrpc` is Go's net/rpc with gob, which only Go speaks: let the plugin serve gRPC",
        ]
        "" => [
            "Protocol: it speaks `netrpc`, and this host offers `tarpc`",
            "  hint: `netrpc` is Go's net/rpc with gob, which only Go speaks: let the plugin serve gRPC",
        ]
    }
    LongAddress as long_address {
        "" => [
            "Line: its handshake line cannot be used: the third and fourth fields, network and address, cannot be used: the socket path \"/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa… (1 bytes more)\" has 201 bytes, and 107 is the most",
        ]
    }
    EscapesInAddress as escapes_in_address {
        "" => [
            "Line: its handshake line cannot be used: the third and fourth fields, network and address, cannot be used: the path \"/\\u{1b}[31mnobody\\0\\u{7}\" cannot be sent: it has a bar, a control character or no UTF-8",
        ]
    }
    NoCertificate as no_certificate {
        "TLS" => [
            "CertificateMissing: it sent no certificate, and this host requires mutual TLS",
            "  hint: the plugin does not support AutoMTLS; Host::plaintext allows it, unencrypted and open to every process of the same user",
        ]
    }
    BadCertificate as bad_certificate {
        "TLS" => [
            "CertificateMalformed: the certificate on its handshake line is malformed: not an X.509 certificate: invalid peer certificate: BadEncoding",
            "  hint: it must be one certificate, as unpadded standard base64 of DER: the plugin's library is at fault",
        ]
        "" => [
            "CertificateUnexpected: it sent a certificate, and this host did not ask for one",
            "  hint: leave AutoMTLS on (remove Host::plaintext), or let the plugin not make one",
        ]
    }
    IgnoresMultiplexing as ignores_multiplexing {
        "multiplexed" => [
            "Multiplexing: it does not put everything on one connection, and this host requires it",
            "  hint: leave the host's transport unmultiplexed, or rebuild the plugin with a library that knows PLUGIN_MULTIPLEX_GRPC (go-plugin 1.6 or later)",
        ]
    }
}
