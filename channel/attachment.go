package channel

import (
	"net/url"
	"path"
	"strings"
)

// AttachmentTypeOf guesses how the file at an address is shown, from its
// ending; a file when it tells nothing.
func AttachmentTypeOf(link string) AttachmentType {
	u, err := url.Parse(link)
	if err != nil {
		return AttachmentFile
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".webp":
		return AttachmentImage
	case ".mp4", ".mov", ".webm", ".3gp":
		return AttachmentVideo
	case ".mp3", ".ogg", ".m4a", ".aac", ".wav", ".opus", ".amr":
		return AttachmentAudio
	}
	return AttachmentFile
}
