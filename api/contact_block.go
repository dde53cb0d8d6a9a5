package api

import (
	"context"

	"ucal/desk"
)

type blockInput struct {
	ByContact
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"255"`
	} `required:"false"`
}

func (in *blockInput) reason() string {
	if in.Body == nil {
		return ""
	}
	return in.Body.Reason
}

type blocked struct {
	ContactID int64 `json:"contactId"`
	IsBlocked bool  `json:"isBlocked"`
}

func (s *Server) blockContact(ctx context.Context, p desk.Principal, in *blockInput) (*blocked, error) {
	return block(ctx, p, in, s.desk.Block)
}

func (s *Server) unblockContact(ctx context.Context, p desk.Principal, in *blockInput) (*blocked, error) {
	return block(ctx, p, in, s.desk.Unblock)
}

func block(ctx context.Context, p desk.Principal, in *blockInput, do func(context.Context, desk.Principal, desk.Identifier, string) (*desk.Contact, error)) (*blocked, error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	c, err := do(ctx, p, who, in.reason())
	if err != nil {
		return nil, err
	}
	return &blocked{c.ID, c.IsBlocked}, nil
}
