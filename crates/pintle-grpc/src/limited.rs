/// Lifts tonic's limit of 4 MiB per message from a generated client or server.
///
/// A generated client or server carries a limit of its own, which nothing but
/// its own methods can lift; go-plugin's peers send larger messages. The first
/// argument is anything with `limits()`: a [`GrpcServer`](crate::GrpcServer), a
/// [`GrpcClient`](crate::GrpcClient), a [`GrpcBroker`](crate::GrpcBroker).
///
/// ```ignore
/// server.add(limited!(server, KvServer::new(store)));
/// KvClient::new(client.channel()) // 4 MiB
/// limited!(client, KvClient::new(client.channel())) // as the transport allows
/// ```
#[macro_export]
macro_rules! limited {
    ($of:expr, $generated:expr) => {{
        let limits = $of.limits();
        $generated
            .max_decoding_message_size(limits.decode_bytes)
            .max_encoding_message_size(limits.encode_bytes)
    }};
}
