package main

import (
	"os"

	"github.com/spf13/cobra"

	"ucal/internal/apart"
)

// readDocumentCommand is the other process of readApart.
const readDocumentCommand = "read-document"

// readApart reads documents, PDFs in a process of their own: this program again.
// Where it cannot find itself they are read in this one.
func readApart() func(name, mediaType string, content []byte) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	return apart.New(self, readDocumentCommand).Read
}

func (c *command) readDocument() *cobra.Command {
	return &cobra.Command{
		Use:     readDocumentCommand,
		Short:   "Read one document for the API or a worker, which start this by themselves",
		Long:    `Reads {"name", "mediaType", "content" (base64)} from the standard input and writes {"text"} or {"error"}.`,
		Args:    cobra.NoArgs,
		Hidden:  true,
		Example: "  ucal read-document",
		RunE:    func(*cobra.Command, []string) error { return apart.Serve(c.in, c.out) },
	}
}
