package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// apiClient talks to a running ucal as its users do.
type apiClient struct {
	url   string // without a trailing slash
	token string
	http  *http.Client
}

func newClient(url, token string) *apiClient {
	return &apiClient{strings.TrimSuffix(url, "/"), token, &http.Client{Timeout: 15 * time.Second}}
}

// apiError is an answer that is not 2xx.
type apiError struct {
	Status  int    `json:"code"`
	Message string `json:"message"`
	Word    string `json:"error"`
	Details []struct {
		Path    string `json:"path"`
		Message string `json:"message"`
	} `json:"details"`
}

func (e *apiError) Error() string {
	msg := fmt.Sprintf("%d %s: %s", e.Status, e.Word, e.Message)
	for _, d := range e.Details {
		if !strings.Contains(e.Message, d.Message) {
			msg += fmt.Sprintf("; %s: %s", d.Path, d.Message)
		}
	}
	return msg
}

// call makes one request below /v2 and decodes the answer into out (nil: not
// wanted). A 429 is obeyed a few times, as the official clients do.
func (c *apiClient) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	for try := 0; ; try++ {
		wait, err := c.once(ctx, method, c.url+"/v2"+path, c.token, body, out)
		if wait == 0 || try == 5 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (c *apiClient) once(ctx context.Context, method, url, token string, body []byte, out any) (retry time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, fmt.Errorf("no answer from ucal at %s: %w; is `ucal dev` running? another address: --url or UCAL_URL", c.url, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return 0, err
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		retry = time.Second
	}
	if resp.StatusCode >= 300 {
		e := &apiError{Status: resp.StatusCode, Message: strings.TrimSpace(string(raw))}
		_ = json.Unmarshal(raw, e) // not ours: the text stays
		return retry, e
	}
	if out == nil {
		return 0, nil
	}
	return 0, json.Unmarshal(raw, out)
}

func statusOf(err error) int {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e.Status
	}
	return 0
}
