package devserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

const readyPoll = 10 * time.Millisecond

// waitReady asks for a run that does not exist until the answer is "not found": only then do the frontend, its view of
// the namespace and the history shard behind it all work, so that the first start cannot fail for being early.
func waitReady(ctx context.Context, addr, namespace string) error {
	conn, err := dialFrontend(addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	client := workflowservice.NewWorkflowServiceClient(conn)
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		callCtx, cancel := context.WithTimeout(ctx, time.Second)
		_, err = client.DescribeWorkflowExecution(callCtx, &workflowservice.DescribeWorkflowExecutionRequest{
			Namespace: namespace,
			Execution: &commonpb.WorkflowExecution{WorkflowId: "ucal-ready"},
		})
		cancel()
		if err == nil || notFoundRun(err) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the Temporal server at %s did not become ready: %w", addr, errors.Join(ctx.Err(), err))
		case <-tick.C:
		}
	}
}

// notFoundRun tells a missing run from a missing namespace, which the server reports with the same code.
func notFoundRun(err error) bool {
	s, ok := status.FromError(err)
	if !ok || s.Code() != codes.NotFound {
		return false
	}
	for _, detail := range s.Details() {
		if _, isNamespace := detail.(interface{ GetNamespace() string }); isNamespace {
			return false
		}
	}
	return true
}

func dialFrontend(addr string) (*grpc.ClientConn, error) {
	conn, err := grpc.NewClient("passthrough:///"+addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: readyPoll, Multiplier: 1.2, MaxDelay: 200 * time.Millisecond},
			MinConnectTimeout: time.Second,
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to the Temporal server at %s: %w", addr, err)
	}
	return conn, nil
}
