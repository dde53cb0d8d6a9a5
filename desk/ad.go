package desk

import (
	"fmt"

	"gorm.io/gorm/clause"

	"ucal/channel"
	"ucal/flow"
	"ucal/internal/secret"
)

// AdClick is a contact's click on an ad that opens a chat: it starts workflows once.
type AdClick struct {
	ID          int64
	WorkspaceID int64
	ChannelID   int64
	ClickID     string // what makes a redelivery, and the first message after a click, recognisable
	ContactID   int64
	Ad          channel.Referral `gorm:"serializer:json"`
	At          int64
}

// receiveReferral is a click after which nothing was written yet: it opens the
// conversation, and it is no message.
func (t *txn) receiveReferral(ch *Channel, in channel.Inbound, ev channel.Event) error {
	c, _, updated, err := t.resolve(ch, in, SourceContact)
	if err != nil {
		return err
	}
	t.actor = Actor{Kind: SourceContact, ID: c.ID, Name: c.Label()}
	if c.IsBlocked {
		t.Log.Info("ad click of a blocked contact dropped", "contact_id", c.ID, "channel_id", ch.ID)
		return nil
	}
	click, err := t.click(c, ch, in, ev)
	if err != nil {
		return err
	}
	if click == nil {
		return t.offerUpdate(c, updated)
	}
	opened, err := t.openByContact(c, ch, ev.Ad)
	if err != nil {
		return err
	}
	if err := t.offerUpdate(c, updated); err != nil {
		return err
	}
	if err := t.offerClick(c, click, ev.Ad); err != nil {
		return err
	}
	return t.offerOpened(c, opened, ev.Ad)
}

// click notes the ad click of an event and emits ad.clicked; nil when the event
// has none, or it was noted before.
func (t *txn) click(c *Contact, ch *Channel, in channel.Inbound, ev channel.Event) (*Event, error) {
	if ev.Ad == nil {
		return nil, nil
	}
	row := &AdClick{WorkspaceID: t.wsID, ChannelID: ch.ID, ClickID: clickKey(in, ev), ContactID: c.ID, Ad: *ev.Ad, At: t.at}
	res := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(row)
	if res.Error != nil || res.RowsAffected == 0 {
		return nil, res.Error
	}
	return t.event(c, Event{Type: AdClicked, Data: map[string]any{"ad": *ev.Ad, "channelId": ch.ID}})
}

// clickKey is the click's id, or what stands for it where the provider gives none.
func clickKey(in channel.Inbound, ev channel.Event) string {
	key := ev.Ad.ClickID
	switch {
	case key != "":
	case ev.ProviderID != "":
		key = fmt.Sprintf("%s %s", ev.Kind, ev.ProviderID)
	default:
		key = fmt.Sprintf("%s %s %d", in.ExternalID, ev.Ad.AdID, ev.At.UnixMilli())
	}
	if len(key) > maxClickID {
		return secret.Hash(key)
	}
	return key
}

// maxClickID is the longest click id that is stored as it is, in bytes: an index
// does not take longer ones.
const maxClickID = 500

// openByContact opens the conversation of a contact who wrote or clicked; what
// comes from an ad has the ad as its source, and the timeline shows it.
func (t *txn) openByContact(c *Contact, ch *Channel, ad *channel.Referral) (*Event, error) {
	opened, err := t.openConversation(c, openedVia(ad), ch.ID)
	if opened != nil && ad != nil {
		opened.Data["ad"] = *ad
	}
	return opened, err
}

func openedVia(ad *channel.Referral) Source {
	if ad != nil {
		return SourceAds
	}
	return SourceContact
}

// offerOpened offers the opening of a conversation by its contact to the
// workflows; nil is none.
func (t *txn) offerOpened(c *Contact, opened *Event, ad *channel.Referral) error {
	if opened == nil {
		return nil
	}
	return t.trigger(c, opened, flow.Happening{Type: flow.ConversationOpened, Source: string(openedVia(ad))})
}

// offerClick offers a click to the workflows; nil is none.
func (t *txn) offerClick(c *Contact, click *Event, ad *channel.Referral) error {
	if click == nil {
		return nil
	}
	return t.trigger(c, click, flow.Happening{Type: flow.ClickToChatAds, Source: string(SourceAds), Ad: &flow.Ad{Account: ad.Account, ID: ad.AdID,
		Title: ad.Title, Description: ad.Description, URL: ad.URL, Source: ad.Source, ClickID: ad.ClickID}})
}
