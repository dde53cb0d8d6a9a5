package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	commandpb "go.temporal.io/api/command/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	sdk "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"
)

const (
	plainName   = "plain"
	plainQueue  = "bench-plain"
	plainToken  = "plain-token"
	plainSignal = "message"
)

// plain is side (b): what one would write first with Temporal at hand. A webhook is a signal-with-start of the contact's
// workflow, the workflow runs one activity, the activity posts the welcome. Nothing else is stored anywhere.
type plain struct {
	temporal client.Client
	http     *http.Client
	sink     string
	url      string
	closed   *tally // workflows that the server has closed
	stack    cleanup
}

func startPlain(address, sinkURL string, logger *slog.Logger) (_ *plain, err error) {
	p := &plain{http: newHTTP(), sink: sinkURL, closed: newTally()}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.stop(context.Background()))
		}
	}()
	p.temporal, err = client.Dial(client.Options{HostPort: address, Logger: log.NewStructuredLogger(logger),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(p.countClosed)}}})
	if err != nil {
		return nil, err
	}
	p.stack.push(func(context.Context) error { p.temporal.Close(); return nil })
	w := sdk.New(p.temporal, plainQueue, sdk.Options{})
	w.RegisterWorkflowWithOptions(welcomeContact, workflow.RegisterOptions{Name: "WelcomeContact"})
	w.RegisterActivityWithOptions(p.sendWelcome, activity.RegisterOptions{Name: "SendWelcome"})
	if err := w.Start(); err != nil {
		return nil, err
	}
	p.stack.push(func(context.Context) error { w.Stop(); return nil })
	return p, p.serve()
}

func (p *plain) serve() error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	p.url = "http://" + ln.Addr().String() + "/webhook"
	r := gin.New()
	r.POST("/webhook", p.webhook)
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(ln) }() // a server that ends shows as refused webhooks
	p.stack.push(func(context.Context) error { return server.Close() })
	return nil
}

func (p *plain) webhook(c *gin.Context) {
	var in inbound
	if c.GetHeader("Authorization") != "Bearer "+plainToken {
		c.AbortWithStatus(http.StatusUnauthorized)
		return
	}
	if err := c.ShouldBindJSON(&in); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	_, err := p.temporal.SignalWithStartWorkflow(c.Request.Context(), "welcome/"+in.ContactID, plainSignal, in,
		client.StartWorkflowOptions{TaskQueue: plainQueue}, "WelcomeContact")
	if err != nil {
		c.AbortWithStatusJSON(http.StatusServiceUnavailable, gin.H{"message": err.Error()})
		return
	}
	c.Status(http.StatusOK)
}

func welcomeContact(ctx workflow.Context) error {
	var in inbound
	workflow.GetSignalChannel(ctx, plainSignal).Receive(ctx, &in)
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	return workflow.ExecuteActivity(ctx, "SendWelcome", outbound{ChannelID: in.ChannelID, ContactID: in.ContactID, Message: text{"text",
		"Hi " + in.Contact.FirstName + ", thank you for your message. A colleague will be with you shortly."}}).Get(ctx, nil)
}

func (p *plain) sendWelcome(ctx context.Context, m outbound) error {
	header := bearer(plainToken)
	header.Set("Idempotency-Key", activity.GetInfo(ctx).WorkflowExecution.ID)
	var answer struct {
		MID string `json:"mId"`
	}
	return post(ctx, p.http, http.MethodPost, p.sink+"/message", header, m, &answer)
}

// countClosed counts the workflow tasks by which the server closed a workflow. Asking the server for each workflow would
// cost it calls that only the measurement needs.
func (p *plain) countClosed(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := invoke(ctx, method, req, reply, cc, opts...)
	if done, ok := req.(*workflowservice.RespondWorkflowTaskCompletedRequest); ok && err == nil && closes(done.Commands) {
		p.closed.add(1)
	}
	return err
}

func closes(commands []*commandpb.Command) bool {
	for _, c := range commands {
		if c.CommandType == enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION {
			return true
		}
	}
	return false
}

func (p *plain) name() string { return plainName }

func (p *plain) target() (url, channelID string, header http.Header) {
	return p.url, "ch_plain", bearer(plainToken)
}

func (p *plain) prepare(context.Context) error { return nil }

func (p *plain) settle(ctx context.Context, total int) error { return p.closed.reach(ctx, total) }

// assigned is nothing that this side knows.
func (p *plain) assigned(context.Context, map[string]time.Time) ([]time.Duration, error) {
	return nil, nil
}

func (p *plain) check(context.Context, []string) (string, error) { return "every workflow closed", nil }

func (p *plain) stop(ctx context.Context) error { return p.stack.run(ctx) }
