package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// inbound is a webhook call of a custom channel; both sides get the same one.
type inbound struct {
	ChannelID string  `json:"channelId"`
	ContactID string  `json:"contactId"`
	Contact   profile `json:"contact"`
	Events    []event `json:"events"`
}

type profile struct {
	FirstName string `json:"firstName"`
	Email     string `json:"email"`
}

type event struct {
	Type      string `json:"type"`
	MID       string `json:"mId"`
	Timestamp int64  `json:"timestamp"`
	Message   text   `json:"message"`
}

type text struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// outbound is a welcome at the channel's endpoint; both sides send the same one.
type outbound struct {
	ChannelID string `json:"channelId"`
	ContactID string `json:"contactId"`
	Message   text   `json:"message"`
}

func hello(channelID, contact string) inbound {
	return inbound{ChannelID: channelID, ContactID: contact, Contact: profile{FirstName: "Ida", Email: contact + "@contacts.example"},
		Events: []event{{Type: "message", MID: "m-" + contact, Timestamp: time.Now().UnixMilli(), Message: text{"text", "Hello, my order has not come yet."}}}}
}

// newHTTP is a client that keeps enough connections open for its callers.
func newHTTP() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConns: 2048, MaxIdleConnsPerHost: 1024}}
}

// post posts JSON and demands a 2xx; into may be nil.
func post(ctx context.Context, c *http.Client, method, url string, header http.Header, in, into any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = header.Clone()
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, req.URL.Path, err)
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %.500s", method, req.URL.Path, resp.Status, raw)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(raw, into)
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }
