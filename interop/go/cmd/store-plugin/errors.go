package main

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"pintle.dev/interop/internal/pintlepb"
	"pintle.dev/interop/internal/storepb"
)

// fail makes the error of an interface: a status, and in its details the error
// itself.
func fail(code codes.Code, text string, is *storepb.StoreError) error {
	detailed, err := status.New(code, text).WithDetails(is)
	if err != nil {
		return status.Error(codes.Internal, err.Error())
	}
	return detailed.Err()
}

func notFound(key string) error {
	return fail(codes.NotFound, "no such key: "+key,
		&storepb.StoreError{Is: &storepb.StoreError_NotFound{NotFound: key}})
}

// broken is a reader, a writer or a stream that failed.
func broken(err error) error {
	return fail(codes.Aborted, err.Error(),
		&storepb.StoreError{Is: &storepb.StoreError_Broken{Broken: err.Error()}})
}

// lost is a call of ours that failed.
func lost(err error) error {
	of := status.Convert(err)
	call := &pintlepb.CallError{Code: uint32(of.Code()), Text: of.Message()}
	return fail(codes.Unknown, "the call was lost",
		&storepb.StoreError{Is: &storepb.StoreError_Lost{Lost: call}})
}
