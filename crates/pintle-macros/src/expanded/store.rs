/// Values by keys.
pub trait Store: StoreObject {
    /// Puts a value under a key.
    fn put(
        &self,
        key: String,
        value: Vec<u8>,
    ) -> impl ::core::future::Future<
        Output = Result<(), StoreError>,
    > + ::core::marker::Send
    where
        Self: ::core::marker::Sized;
    /// How many bytes there are, told to `progress` as they are counted.
    fn count(
        &self,
        prefix: String,
        progress: pintle::Callback<dyn Progress>,
    ) -> impl ::core::future::Future<
        Output = Result<u64, StoreError>,
    > + ::core::marker::Send
    where
        Self: ::core::marker::Sized,
    {
        async move {
            progress.at(0).await;
            Ok(0)
        }
    }
    /// Forgets a key, some time.
    fn forget(
        &self,
        key: String,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send
    where
        Self: ::core::marker::Sized;
}
#[doc(hidden)]
#[allow(missing_docs, clippy::too_many_arguments)]
pub trait StoreObject: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn boxed_put(
        &self,
        key: String,
        value: Vec<u8>,
    ) -> ::pintle::BoxFuture<'_, Result<(), StoreError>>;
    fn boxed_count(
        &self,
        prefix: String,
        progress: pintle::Callback<dyn Progress>,
    ) -> ::pintle::BoxFuture<'_, Result<u64, StoreError>>;
    fn boxed_forget(&self, key: String) -> ::pintle::BoxFuture<'_, ()>;
}
#[doc(hidden)]
#[allow(deprecated)]
impl<__T> StoreObject for __T
where
    __T: Store + ::core::marker::Send + ::core::marker::Sync + 'static,
{
    fn boxed_put(
        &self,
        key: String,
        value: Vec<u8>,
    ) -> ::pintle::BoxFuture<'_, Result<(), StoreError>> {
        ::std::boxed::Box::pin(Store::put(self, key, value))
    }
    fn boxed_count(
        &self,
        prefix: String,
        progress: pintle::Callback<dyn Progress>,
    ) -> ::pintle::BoxFuture<'_, Result<u64, StoreError>> {
        ::std::boxed::Box::pin(Store::count(self, prefix, progress))
    }
    fn boxed_forget(&self, key: String) -> ::pintle::BoxFuture<'_, ()> {
        ::std::boxed::Box::pin(Store::forget(self, key))
    }
}
impl<__P> Store for __P
where
    __P: ::core::ops::Deref<Target = dyn Store> + ::core::marker::Send
        + ::core::marker::Sync + 'static,
{
    async fn put(&self, key: String, value: Vec<u8>) -> Result<(), StoreError> {
        StoreObject::boxed_put(&**self, key, value).await
    }
    async fn count(
        &self,
        prefix: String,
        progress: pintle::Callback<dyn Progress>,
    ) -> Result<u64, StoreError> {
        StoreObject::boxed_count(&**self, prefix, progress).await
    }
    async fn forget(&self, key: String) {
        StoreObject::boxed_forget(&**self, key).await
    }
}
/// A [`Store`] in another process. Cheap to clone; dropping a call's future cancels it.
///
/// Values by keys.
#[derive(Clone, Debug)]
pub struct StoreClient {
    caller: ::pintle::interface::Caller,
}
#[allow(deprecated)]
const _: () = {
    use ::pintle::interface as __pintle;
    static __PUT: __pintle::Method<__PutRequest, (), StoreError> = __pintle::Method::new(
            "Put",
            "/store.v1.Store/Put",
        )
        .idempotent();
    static __COUNT: __pintle::Method<
        __CountRequest,
        __pintle::Returned<<u64 as __pintle::Pass>::Wire>,
        StoreError,
    > = __pintle::Method::new("Count", "/store.v1.Store/Count")
        .deadline(::core::time::Duration::from_millis(5000));
    static __FORGET: __pintle::Method<__ForgetRequest, (), __pintle::CallError> = __pintle::Method::new(
        "Forget",
        "/store.v1.Store/Forget",
    );
    impl Store for StoreClient {
        async fn put(&self, key: String, value: Vec<u8>) -> Result<(), StoreError> {
            let link = self.caller.link();
            let mut lent = __pintle::Lent::default();
            let request = __PutRequest {
                key: __pintle::Pass::lend(key, link, &mut lent).await?,
                value: __pintle::Pass::lend(value, link, &mut lent).await?,
            };
            self.caller.call(&__PUT, request).await?;
            lent.keep();
            ::core::result::Result::Ok(())
        }
        async fn count(
            &self,
            prefix: String,
            progress: pintle::Callback<dyn Progress>,
        ) -> Result<u64, StoreError> {
            let link = self.caller.link();
            let mut lent = __pintle::Lent::default();
            let request = __CountRequest {
                prefix: __pintle::Pass::lend(prefix, link, &mut lent).await?,
                progress: __pintle::Pass::lend(progress, link, &mut lent).await?,
            };
            let returned = self.caller.call(&__COUNT, request).await?;
            lent.keep();
            let value = __pintle::Pass::take(returned.value, link).await?;
            ::core::result::Result::Ok(value)
        }
        async fn forget(&self, key: String) {
            let called: ::core::result::Result<(), __pintle::CallError> = async {
                let link = self.caller.link();
                let mut lent = __pintle::Lent::default();
                let request = __ForgetRequest {
                    key: __pintle::Pass::lend(key, link, &mut lent).await?,
                };
                self.caller.call(&__FORGET, request).await?;
                lent.keep();
                ::core::result::Result::Ok(())
            }
                .await;
            if let ::core::result::Result::Err(error) = called {
                __pintle::unheard(&__FORGET, &error);
            }
        }
    }
    impl __pintle::Interface for dyn Store {
        const NAME: &'static str = "store";
        const SERVICE: &'static str = "store.v1.Store";
        type Client = StoreClient;
        fn client(caller: __pintle::Caller) -> StoreClient {
            StoreClient { caller }
        }
        fn define(schema: &mut __pintle::schema::Schema) {
            schema
                .service(
                    ("store.v1", "Store"),
                    &["Values by keys."],
                    |service| {
                        service.method(&__PUT, &["Puts a value under a key."]);
                        service
                            .method(
                                &__COUNT,
                                &[
                                    "How many bytes there are, told to `progress` as they are counted.",
                                ],
                            );
                        service.method(&__FORGET, &["Forgets a key, some time."]);
                    },
                );
        }
    }
    impl ::pintle::Dispense for dyn Store + '_ {
        type Plugin = __pintle::Served<dyn Store, StoreClient>;
    }
    impl<__T> __pintle::Serves<__T> for dyn Store
    where
        __T: Store + ::core::marker::Send + ::core::marker::Sync + 'static,
    {
        fn object(value: ::std::sync::Arc<__T>) -> ::std::sync::Arc<Self> {
            value
        }
        async fn dispatch<__C: __pintle::Call>(
            value: ::std::sync::Arc<__T>,
            call: __C,
        ) -> __C::Reply {
            match call.method() {
                "Put" => {
                    call.answer(
                            &__PUT,
                            |request, link| async move {
                                Store::put(
                                        &*value,
                                        __pintle::Pass::take(request.key, &link).await?,
                                        __pintle::Pass::take(request.value, &link).await?,
                                    )
                                    .await
                            },
                        )
                        .await
                }
                "Count" => {
                    call.answer(
                            &__COUNT,
                            |request, link| async move {
                                let answer = Store::count(
                                        &*value,
                                        __pintle::Pass::take(request.prefix, &link).await?,
                                        __pintle::Pass::take(request.progress, &link).await?,
                                    )
                                    .await?;
                                let mut lent = __pintle::Lent::default();
                                let value = __pintle::Pass::lend(answer, &link, &mut lent)
                                    .await?;
                                lent.keep();
                                ::core::result::Result::Ok(__pintle::Returned { value })
                            },
                        )
                        .await
                }
                "Forget" => {
                    call.answer(
                            &__FORGET,
                            |request, link| async move {
                                Store::forget(
                                        &*value,
                                        __pintle::Pass::take(request.key, &link).await?,
                                    )
                                    .await;
                                ::core::result::Result::Ok(())
                            },
                        )
                        .await
                }
                _ => call.unknown(),
            }
        }
    }
    struct __PutRequest {
        key: <String as __pintle::Pass>::Wire,
        value: <Vec<u8> as __pintle::Pass>::Wire,
    }
    const _: () = {
        use ::pintle::interface as __pintle;
        #[derive(Default)]
        pub struct __Partial {
            key: ::core::option::Option<<String as __pintle::Pass>::Wire>,
            value: ::core::option::Option<<Vec<u8> as __pintle::Pass>::Wire>,
        }
        impl __pintle::Message for __PutRequest {
            type Partial = __Partial;
            const NAME: (&'static str, &'static str) = ("store.v1", "StorePutRequest");
            fn put_fields(&self, to: &mut __pintle::Pieces) {
                __pintle::Value::put(&self.key, 1, to);
                __pintle::Value::put(&self.value, 2, to);
            }
            fn fields_len(&self) -> usize {
                __pintle::Value::field_len(&self.key, 1)
                    + __pintle::Value::field_len(&self.value, 2)
            }
            fn merge_field(
                partial: &mut __Partial,
                tag: u32,
                field: __pintle::wire::Field<'_>,
            ) -> __pintle::Decoded<()> {
                match tag {
                    1 => __pintle::merge(&mut partial.key, field, "StorePutRequest.key"),
                    2 => {
                        __pintle::merge(
                            &mut partial.value,
                            field,
                            "StorePutRequest.value",
                        )
                    }
                    _ => field.skip(),
                }
            }
            fn finish(partial: __Partial) -> __pintle::Decoded<Self> {
                ::core::result::Result::Ok(Self {
                    key: __pintle::finish(partial.key, "StorePutRequest.key")?,
                    value: __pintle::finish(partial.value, "StorePutRequest.value")?,
                })
            }
            fn define(schema: &mut __pintle::schema::Schema) {
                schema
                    .message(
                        ("store.v1", "StorePutRequest"),
                        &["The arguments of a call."],
                        |message| {
                            message
                                .field::<<String as __pintle::Pass>::Wire>(1, "key", &[]);
                            message
                                .field::<
                                    <Vec<u8> as __pintle::Pass>::Wire,
                                >(2, "value", &[]);
                        },
                    );
            }
        }
    };
    struct __CountRequest {
        prefix: <String as __pintle::Pass>::Wire,
        progress: <pintle::Callback<dyn Progress> as __pintle::Pass>::Wire,
    }
    const _: () = {
        use ::pintle::interface as __pintle;
        #[derive(Default)]
        pub struct __Partial {
            prefix: ::core::option::Option<<String as __pintle::Pass>::Wire>,
            progress: ::core::option::Option<
                <pintle::Callback<dyn Progress> as __pintle::Pass>::Wire,
            >,
        }
        impl __pintle::Message for __CountRequest {
            type Partial = __Partial;
            const NAME: (&'static str, &'static str) = ("store.v1", "StoreCountRequest");
            fn put_fields(&self, to: &mut __pintle::Pieces) {
                __pintle::Element::put_element(&self.prefix, 1, to);
                __pintle::Value::put(&self.progress, 2, to);
            }
            fn fields_len(&self) -> usize {
                __pintle::Element::element_len(&self.prefix, 1)
                    + __pintle::Value::field_len(&self.progress, 2)
            }
            fn merge_field(
                partial: &mut __Partial,
                tag: u32,
                field: __pintle::wire::Field<'_>,
            ) -> __pintle::Decoded<()> {
                match tag {
                    1 => {
                        __pintle::merge(
                            &mut partial.prefix,
                            field,
                            "StoreCountRequest.prefix",
                        )
                    }
                    2 => {
                        __pintle::merge(
                            &mut partial.progress,
                            field,
                            "StoreCountRequest.progress",
                        )
                    }
                    _ => field.skip(),
                }
            }
            fn finish(partial: __Partial) -> __pintle::Decoded<Self> {
                ::core::result::Result::Ok(Self {
                    prefix: partial.prefix.unwrap_or_default(),
                    progress: __pintle::finish(
                        partial.progress,
                        "StoreCountRequest.progress",
                    )?,
                })
            }
            fn define(schema: &mut __pintle::schema::Schema) {
                schema
                    .message(
                        ("store.v1", "StoreCountRequest"),
                        &["The arguments of a call."],
                        |message| {
                            message
                                .optional::<
                                    <String as __pintle::Pass>::Wire,
                                >(1, "prefix", &[]);
                            message
                                .field::<
                                    <pintle::Callback<dyn Progress> as __pintle::Pass>::Wire,
                                >(2, "progress", &[]);
                        },
                    );
            }
        }
    };
    struct __ForgetRequest {
        key: <String as __pintle::Pass>::Wire,
    }
    const _: () = {
        use ::pintle::interface as __pintle;
        #[derive(Default)]
        pub struct __Partial {
            key: ::core::option::Option<<String as __pintle::Pass>::Wire>,
        }
        impl __pintle::Message for __ForgetRequest {
            type Partial = __Partial;
            const NAME: (&'static str, &'static str) = (
                "store.v1",
                "StoreForgetRequest",
            );
            fn put_fields(&self, to: &mut __pintle::Pieces) {
                __pintle::Value::put(&self.key, 1, to);
            }
            fn fields_len(&self) -> usize {
                __pintle::Value::field_len(&self.key, 1)
            }
            fn merge_field(
                partial: &mut __Partial,
                tag: u32,
                field: __pintle::wire::Field<'_>,
            ) -> __pintle::Decoded<()> {
                match tag {
                    1 => {
                        __pintle::merge(
                            &mut partial.key,
                            field,
                            "StoreForgetRequest.key",
                        )
                    }
                    _ => field.skip(),
                }
            }
            fn finish(partial: __Partial) -> __pintle::Decoded<Self> {
                ::core::result::Result::Ok(Self {
                    key: __pintle::finish(partial.key, "StoreForgetRequest.key")?,
                })
            }
            fn define(schema: &mut __pintle::schema::Schema) {
                schema
                    .message(
                        ("store.v1", "StoreForgetRequest"),
                        &["The arguments of a call."],
                        |message| {
                            message
                                .field::<<String as __pintle::Pass>::Wire>(1, "key", &[]);
                        },
                    );
            }
        }
    };
};
