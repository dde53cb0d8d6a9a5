package main

import (
	"context"
	"fmt"
	"net/url"
)

// ensure finds an object by one of its fields, or creates it, and returns its id.
func ensure(ctx context.Context, cl *apiClient, path, field, value string, create map[string]any) (int64, error) {
	id, err := find(ctx, cl, path, field, value)
	if err != nil || id != 0 {
		return id, err
	}
	var made struct{ ID int64 }
	err = cl.call(ctx, "POST", path, create, &made)
	return made.ID, err
}

// find looks an object up in a list; 0 when it is not there.
func find(ctx context.Context, cl *apiClient, path, field, value string) (int64, error) {
	for query := "limit=100"; ; {
		var page struct {
			Items      []map[string]any
			Pagination struct{ Next string }
		}
		if err := cl.call(ctx, "GET", path+"?"+query, nil, &page); err != nil {
			return 0, err
		}
		for _, item := range page.Items {
			if id, ok := item["id"].(float64); ok && item[field] == value {
				return int64(id), nil
			}
		}
		next, err := url.Parse(page.Pagination.Next)
		if err != nil || next.RawQuery == "" {
			return 0, err
		}
		query = next.RawQuery
	}
}

// channelAccess is what an integration needs of a custom channel.
type channelAccess struct {
	ID        int64
	ChannelID string
	APIToken  string
}

// ensureChannel points the custom channel of that name at an address, or makes
// it, and returns a token for it.
func ensureChannel(ctx context.Context, cl *apiClient, name, base string) (channelAccess, error) {
	cfg := map[string]any{"apiBaseUrl": base, "idType": "custom"}
	var ch channelAccess
	id, err := find(ctx, cl, "/space/channel", "name", name)
	if err != nil {
		return ch, err
	}
	if id == 0 {
		err := cl.call(ctx, "POST", "/space/channel", map[string]any{"source": "custom_channel", "name": name, "config": cfg}, &ch)
		return ch, err
	}
	if err := cl.call(ctx, "PUT", fmt.Sprintf("/space/channel/%d", id), map[string]any{"config": cfg}, &ch); err != nil {
		return ch, err
	}
	return ch, cl.call(ctx, "POST", fmt.Sprintf("/space/channel/%d/token", id), map[string]any{}, &ch)
}
