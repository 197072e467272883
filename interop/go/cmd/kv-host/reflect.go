package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"google.golang.org/grpc"
	reflection "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
)

// The two services are one protocol under two names: v1 only renamed it. Both
// are asked with the messages of the elder, which every grpc-go release has.
const (
	reflectionV1      = "grpc.reflection.v1.ServerReflection"
	reflectionV1Alpha = "grpc.reflection.v1alpha.ServerReflection"
)

// reflectedServices lists what the plugin serves, sorted. A plugin that lists
// v1 among it must give the same answer there.
func reflectedServices(ctx context.Context, conn *grpc.ClientConn) ([]string, error) {
	services, err := listServices(ctx, conn, reflectionV1Alpha)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(services, reflectionV1) {
		fmt.Fprintln(os.Stderr, "reflection: v1alpha only")
		return services, nil
	}
	again, err := listServices(ctx, conn, reflectionV1)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(services, again) {
		return nil, fmt.Errorf("v1alpha lists %v, but v1 %v", services, again)
	}
	fmt.Fprintln(os.Stderr, "reflection: v1 and v1alpha agree")
	return services, nil
}

func listServices(ctx context.Context, conn *grpc.ClientConn, service string) ([]string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	both := &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}
	stream, err := conn.NewStream(ctx, both, "/"+service+"/ServerReflectionInfo")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", service, err)
	}
	request := &reflection.ServerReflectionRequest{
		MessageRequest: &reflection.ServerReflectionRequest_ListServices{ListServices: "*"},
	}
	if err := stream.SendMsg(request); err != nil {
		return nil, fmt.Errorf("%s: %w", service, err)
	}
	var response reflection.ServerReflectionResponse
	if err := stream.RecvMsg(&response); err != nil {
		return nil, fmt.Errorf("%s: %w", service, err)
	}
	list := response.GetListServicesResponse()
	if list == nil {
		return nil, fmt.Errorf("%s: no list but %v", service, response.GetErrorResponse())
	}
	var names []string
	for _, listed := range list.GetService() {
		names = append(names, listed.GetName())
	}
	slices.Sort(names)
	return names, nil
}
