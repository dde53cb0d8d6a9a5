package flow

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// safe is a Directory that knows one secret and refuses one host.
type safe struct{}

func (safe) Find(RefKind, Ref) []Ref            { return nil }
func (safe) Field(key string) (FieldInfo, bool) { return FieldInfo{Key: key}, key == "email" }
func (safe) Channel(int64) (ChannelInfo, bool)  { return ChannelInfo{}, false }
func (safe) HasSecret(name string) bool         { return name == "crm_token" }
func (safe) RefusesURL(u *url.URL) string {
	if u.Hostname() == "desk.example.com" {
		return "it is ucal's own host"
	}
	return ""
}

func many(n int, value string) (list Pairs) {
	for i := range n {
		list = append(list, Pair{"v" + string(rune('a'+i)), value})
	}
	return list
}

func TestHTTPRequestCheck(t *testing.T) {
	const good = "https://crm.example.com/customers"
	at := func(u string) HTTPRequest { return HTTPRequest{Method: "GET", URL: u} }
	body := func(contentType, text string) HTTPRequest {
		return HTTPRequest{Method: "POST", URL: good, ContentType: contentType, Body: text}
	}
	headers := func(list ...Pair) HTTPRequest { return HTTPRequest{Method: "GET", URL: good, Headers: list} }
	mapping := func(list ...Pair) HTTPRequest {
		return HTTPRequest{Method: "GET", URL: good, ResponseMapping: list}
	}
	for name, c := range map[string]struct {
		step HTTPRequest
		want []string
	}{
		"smallest":                         {at(good), nil},
		"address and port":                 {at("http://203.0.113.7:8080/x"), nil},
		"variables":                        {at(good + "/$contact.id?q={{$contact.email|none}}"), nil},
		"a variable at the start":          {at("$contact.email/x"), nil},
		"braces at the start":              {at("{{$secret.crm_token}}/x"), nil},
		"a variable in the host":           {at("https://{{$contact.email}}.desk.example.com/"), nil},
		"a variable as the port":           {at("https://desk.example.com:$contact.id/"), nil},
		"no method":                        {HTTPRequest{URL: good}, []string{"step.config.missing method"}},
		"another method":                   {HTTPRequest{Method: "TRACE", URL: good}, []string{"step.config.invalid method"}},
		"no URL":                           {HTTPRequest{Method: "GET", URL: " "}, []string{"step.config.missing url"}},
		"scheme":                           {at("file:///etc/passwd"), []string{"http.url.invalid url"}},
		"no scheme":                        {at("crm.example.com/x"), []string{"http.url.invalid url"}},
		"no host":                          {at("https:///x"), []string{"http.url.invalid url"}},
		"port":                             {at("https://crm.example.com:99999/x"), []string{"http.url.invalid url"}},
		"user and password":                {at("https://ann:pw@crm.example.com/x"), []string{"http.url.invalid url"}},
		"unreadable":                       {at("https://crm example.com/x"), []string{"http.url.invalid url"}},
		"an unknown variable at the start": {at("$nobody/x"), []string{"http.url.invalid url", "variable.unknown url"}},
		"own host":                         {at("HTTPS://Desk.Example.com:8443/v2/contact?x=$contact.id"), nil}, // the directory above compares exactly
		"own host, lower case":             {at("https://desk.example.com:8443/v2/contact?x=$contact.id"), []string{"http.url.refused url"}},
		"headers":                          {headers(Pair{"Authorization", "Bearer $secret.crm_token"}, Pair{"X-Id", "$contact.id"}), nil},
		"ten headers":                      {headers(many(10, "x")...), nil},
		"eleven headers":                   {headers(many(11, "x")...), []string{"http.headers.limit headers"}},
		"names of headers": {headers(Pair{"X Y", "1"}, Pair{"", "1"}, Pair{"Ü", "1"}, Pair{"content-length", "1"}, Pair{"X-A", "1"}, Pair{"x-a", "2"}),
			[]string{"step.config.invalid headers.", "step.config.invalid headers.X Y", "step.config.invalid headers.content-length", "step.config.invalid headers.x-a", "step.config.invalid headers.Ü"}},
		"unknown secret":                 {headers(Pair{"X-Key", "$secret.old $secret.crm_token."}), []string{"variable.secret.unknown headers.X-Key"}},
		"secret without name":            {headers(Pair{"X-Key", "$secret"}), []string{"variable.secret.unknown headers.X-Key"}},
		"unknown variable":               {headers(Pair{"X-Key", "$nobody"}), []string{"variable.unknown headers.X-Key"}},
		"mapping":                        {mapping(Pair{"phone", "$.custom_fields.phone"}, Pair{"all", "$"}), nil},
		"ten rows":                       {mapping(many(10, "$.a")...), nil},
		"eleven rows":                    {mapping(many(11, "$.a")...), []string{"http.mapping.limit response_mapping"}},
		"paths":                          {mapping(Pair{"a", "$..x"}, Pair{"b", ""}, Pair{"c", "x"}), []string{"http.mapping.path response_mapping.a", "http.mapping.path response_mapping.b", "http.mapping.path response_mapping.c"}},
		"names of variables":             {mapping(Pair{"Phone", "$.a"}, Pair{"secret", "$.a"}, Pair{"", "$.a"}), []string{"variable.name.invalid response_mapping.", "variable.name.invalid response_mapping.Phone", "variable.name.reserved response_mapping.secret"}},
		"status":                         {HTTPRequest{Method: "GET", URL: good, SaveStatusAs: "1st"}, []string{"variable.name.invalid save_status_as"}},
		"a minute":                       {HTTPRequest{Method: "GET", URL: good, Timeout: Duration(time.Minute)}, nil},
		"more than a minute":             {HTTPRequest{Method: "GET", URL: good, Timeout: Duration(61 * time.Second)}, []string{"duration.limit timeout"}},
		"more than a week":               {HTTPRequest{Method: "GET", URL: good, Timeout: Duration(8 * 24 * time.Hour)}, []string{"duration.limit timeout"}},
		"a body with GET":                {HTTPRequest{Method: "GET", URL: good, Body: "{}"}, nil},
		"JSON":                           {body("", `{"a": "$contact.name", "b": $contact.id, $contact.email: [{{$contact.country|x}}]}`), nil},
		"only a variable":                {body("application/json", "$contact.email"), nil},
		"no JSON":                        {body("", `{"a": $contact.id,}`), []string{"step.config.invalid body"}},
		"unknown variable in JSON":       {body("", `{"a": $nobody}`), []string{"step.config.invalid body", "variable.unknown body"}},
		"unknown variable inside quotes": {body("", `{"a": "$nobody"}`), []string{"variable.unknown body"}},
		"another content type":           {body("text/plain", "Hello $contact.name"), nil},
		"unknown content type":           {body("text/html", "<p>"), []string{"step.config.invalid content_type"}},
	} {
		t.Run(name, func(t *testing.T) { require.ElementsMatch(t, c.want, stepProblemsOf(&c.step, safe{})) })
	}
	require.Empty(t, stepProblemsOf(&HTTPRequest{Method: "GET", URL: "https://desk.example.com/$secret.any"}, nil), "without a directory everything may be called")
}

func TestHTTPRequestBodyLine(t *testing.T) {
	h := &HTTPRequest{Method: "POST", URL: "https://crm.example.com", Body: "{\n  \"name\": \"$contact.name\"\n  \"id\": 1\n}"}
	problems := Check(steps(Step{ID: "it", Config: h}), safe{}, Publish)
	require.Len(t, problems, 1)
	require.Contains(t, problems[0].Message, "line 3: invalid character '\"' after object key:value pair")
}

func secretsOf(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := values[name]; return v, ok }
}

func TestHTTPCall(t *testing.T) {
	env := WithVars(ana(), map[string]string{"note": "a\nb \"c\"", "base": "https://crm.example.com"})
	secret := secretsOf(map[string]string{"crm_token": `s3cret/"t0k`, "short": "pin"})
	h := HTTPRequest{Method: "POST", URL: " $base/c/{{$contact.city}}?key=$secret.crm_token&n=$secret.gone ", Timeout: Duration(30 * time.Second),
		Headers: Pairs{{"Authorization", "Bearer $secret.crm_token"}, {"X-Note", "$note"}, {"X-Pin", "$secret.short"}}, Body: `{"note": "$note", "nick": $contact.nick}`}
	call := h.Call(env, secret)
	require.Equal(t, HTTPCall{Method: "POST", Timeout: 30 * time.Second,
		URL:     "https://crm.example.com/c/Kuala%20Lumpur?key=s3cret%2F%22t0k&n=$secret.gone",
		Shown:   "https://crm.example.com/c/Kuala%20Lumpur?key=***&n=$secret.gone",
		Headers: []HTTPHeader{{"Authorization", `Bearer s3cret/"t0k`, true}, {"X-Note", `ab "c"`, false}, {"X-Pin", "pin", true}, {"Content-Type", "application/json", false}},
		Body:    `{"note": "a\nb \"c\"", "nick": null}`, Secrets: call.Secrets, Missing: []string{"gone"},
	}, call)
	require.Equal(t, `{"a": "***", "b": "***", "c": "***", "pin": "pin"}`, call.Mask(`{"a": "s3cret/\"t0k", "b": "s3cret%2F%22t0k", "c": "s3cret/"t0k", "pin": "pin"}`))

	for method, repeat := range map[string]bool{"GET": true, "PUT": true, "DELETE": true, "POST": false, "PATCH": false} {
		require.Equal(t, repeat, (&HTTPRequest{Method: method}).Call(env, secret).Repeat, method)
		require.True(t, (&HTTPRequest{Method: method, Retry: true}).Call(env, secret).Repeat, method)
	}
	plain := (&HTTPRequest{Method: "GET", URL: "https://ann:pw@x.io/?a=@b"}).Call(env, secret)
	require.Equal(t, "https://x.io/?a=@b", plain.Shown)
	require.Equal(t, 10*time.Second, plain.Timeout)
	require.Empty(t, plain.Headers, "no body, no content type")

	own := (&HTTPRequest{Method: "POST", URL: "https://x.io", Headers: Pairs{{"content-type", "application/vnd.x+json"}}, Body: `{"k": "$secret.crm_token"}`}).Call(env, secret)
	require.Equal(t, []HTTPHeader{{"content-type", "application/vnd.x+json", false}}, own.Headers)
	require.Equal(t, `{"k": "s3cret/\"t0k"}`, own.Body)
	require.True(t, own.SecretBody)

	for contentType, want := range map[string]string{"application/x-www-form-urlencoded": "a%0Ab+%22c%22", "application/xml": "a&#xA;b &#34;c&#34;", "text/plain": "a\nb \"c\""} {
		call := (&HTTPRequest{Method: "POST", URL: "https://x.io", ContentType: contentType, Body: "$note"}).Call(env, secret)
		require.Equal(t, want, call.Body)
		require.Equal(t, []HTTPHeader{{"Content-Type", contentType, false}}, call.Headers)
	}
}

// Scenarios 75 and 76, and what an answer may hold.
func TestHTTPAnswer(t *testing.T) {
	h := HTTPRequest{SaveStatusAs: "code", ResponseMapping: Pairs{{"p", "$.custom_fields.phone"}, {"list", "$.list"}, {"n", "$.n"}, {"none", "$.none"}}}
	call := &HTTPCall{Secrets: []string{"s3cret"}}
	for name, c := range map[string]struct {
		status int
		body   string
		want   map[string]string
	}{
		"JSON":              {200, `{"custom_fields": {"phone": "+60123"}, "list": [1, "b"], "n": 1.50, "none": null}`, map[string]string{"code": "200", "p": "+60123", "list": `[1,"b"]`, "n": "1.5", "none": ""}},
		"an error's JSON":   {500, `{"n": 3}`, map[string]string{"code": "500", "p": "", "list": "", "n": "3", "none": ""}},
		"HTML":              {200, `<html>{}</html>`, map[string]string{"code": "200", "p": "", "list": "", "n": "", "none": ""}},
		"nothing":           {204, ``, map[string]string{"code": "204", "p": "", "list": "", "n": "", "none": ""}},
		"no answer":         {0, `{"n": 3}`, map[string]string{"code": "0", "p": "", "list": "", "n": "", "none": ""}},
		"an echo":           {200, `{"custom_fields": {"phone": "Bearer s3cret"}}`, map[string]string{"code": "200", "p": "Bearer ***", "list": "", "n": "", "none": ""}},
		"control character": {200, `{"n": "a\u0000\nb\r"}`, map[string]string{"code": "200", "p": "", "list": "", "n": "a\nb", "none": ""}},
		"too long":          {200, `{"n": "` + strings.Repeat("é", MaxVariable+1) + `"}`, map[string]string{"code": "200", "p": "", "list": "", "n": strings.Repeat("é", MaxVariable), "none": ""}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, h.Answer(call, c.status, []byte(c.body))) })
	}
	require.Empty(t, (&HTTPRequest{}).Answer(call, 200, []byte(`{}`)))
}

// Scenarios 79 and 121 as far as the step goes: which way, and what is saved.
func TestHTTPRequestRun(t *testing.T) {
	for name, c := range map[string]struct {
		arms   []string
		result Result
		want   []string
	}{
		"answered":               {nil, Result{Outcome: Done}, []string{"it ok next", "next ok next"}},
		"status, arm off":        {nil, Result{Outcome: Failed, Code: "http.status"}, []string{"it failed next http.status", "next ok next"}},
		"status, arm on":         {[]string{"failure", "bad"}, Result{Outcome: Failed, Code: "http.status"}, []string{"it failed failure http.status", "bad ok next"}},
		"network, arm on":        {[]string{"failure", "bad"}, Result{Outcome: Failed, Code: "http.network"}, []string{"it failed failure http.network", "bad ok next"}},
		"answered, arm on":       {[]string{"failure", "bad"}, Result{Outcome: Done}, []string{"it ok next", "next ok next"}},
		"arm that leads nowhere": {[]string{"failure", End}, Result{Outcome: Failed, Code: "http.timeout"}, []string{"it failed failure http.timeout"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.result.Set = map[string]string{"code": "418", "p": "tea"}
			w.script = func(_ Call, e Effect) (Result, bool) {
				_, ok := e.(Request)
				return c.result, ok
			}
			w.run(steps(Step{ID: "it", Config: &HTTPRequest{Method: "GET", URL: "https://x.io", SaveStatusAs: "code", ResponseMapping: Pairs{{"p", "$.p"}}}, Next: "next", Arms: leads(c.arms...)},
				Step{ID: "next", Config: &AddComment{}}, Step{ID: "bad", Config: &AddComment{}}))
			require.Equal(t, c.want, w.path())
			require.Equal(t, map[string]string{"code": "418", "p": "tea"}, w.st.Vars)
		})
	}
}
