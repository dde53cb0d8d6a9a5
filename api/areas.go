package api

// addAreas registers every operation. A new area is one line here.
func (s *Server) addAreas() {
	s.add("Contacts", s.contactOperations())
	s.add("Conversations", s.conversationOperations())
	s.add("Messages", s.messageOperations())
	s.add("Workflows", s.workflowOperations())
	s.add("Workflow templates", s.templateOperations())
	s.add("Runs", s.runOperations())
	s.add("Shortcuts", s.shortcutOperations())
	s.add("Assignment queue", s.queueOperations())
	s.add("Secrets", s.secretOperations())
	s.add("Settings", s.settingOperations())
	s.add("Users", s.userOperations())
	s.add("Presence", s.presenceOperations())
	s.add("Teams", s.teamOperations())
	s.add("Channels", s.channelOperations())
	s.add("Custom fields", s.fieldOperations())
	s.add("Tags", s.tagOperations())
	s.add("Closing notes", s.closingNoteOperations())
	s.add("Snippets", s.snippetOperations())
	s.add("AI", s.knowledgeOperations())
	s.add("Integrations", s.integrationOperations())
}
