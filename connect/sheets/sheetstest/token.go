package sheetstest

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const scope = "https://www.googleapis.com/auth/spreadsheets"

// giveToken answers at the token address.
// Source: https://developers.google.com/identity/protocols/oauth2/service-account#httprest, 2026-08.
func (s *Server) giveToken(w http.ResponseWriter, r *http.Request, form url.Values) {
	no := func(status int, code, description string) {
		answer(w, status, map[string]string{"error": code, "error_description": description})
	}
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		no(400, "invalid_request", "Bad Request")
		return
	}
	account := ""
	switch form.Get("grant_type") {
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		if wrong := s.verify(form.Get("assertion")); wrong != "" {
			no(400, "invalid_grant", wrong)
			return
		}
		account = Robot
	case "refresh_token":
		switch {
		case form.Get("client_id") != ClientID:
			no(401, "invalid_client", "The OAuth client was not found.")
			return
		case form.Get("client_secret") != ClientSecret:
			no(401, "invalid_client", "Unauthorized")
			return
		case form.Get("refresh_token") != RefreshToken:
			no(400, "invalid_grant", "Bad Request")
			return
		}
		account = Person
	default:
		no(400, "unsupported_grant_type", "Invalid grant_type: "+form.Get("grant_type"))
		return
	}
	if s.revoked {
		no(400, "invalid_grant", "Token has been expired or revoked.")
		return
	}
	s.issued++
	text := fmt.Sprintf("ya29.secret-access-token-%d", s.issued)
	s.tokens[text] = token{account, time.Now().Add(tokenLife)}
	answer(w, 200, map[string]any{"access_token": text, "token_type": "Bearer", "expires_in": int(tokenLife.Seconds()), "scope": scope})
}

// verify checks the assertion of a service account: signature, issuer, scope,
// audience and time. It says what is wrong in Google's words.
func (s *Server) verify(assertion string) string {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return "Invalid JWT: no three parts"
	}
	var head struct{ Alg, Typ, Kid string }
	var claims struct {
		Iss, Scope, Aud string
		Iat, Exp        int64
	}
	for i, into := range []any{&head, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			return "Invalid JWT: " + err.Error()
		}
		if err := json.Unmarshal(raw, into); err != nil {
			return "Invalid JWT: " + err.Error()
		}
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	now := time.Now()
	switch {
	case err != nil || rsa.VerifyPKCS1v15(&s.key.PublicKey, crypto.SHA256, sum[:], sig) != nil:
		return "Invalid JWT Signature."
	case head.Alg != "RS256" || head.Kid != "" && head.Kid != KeyID:
		return "Invalid JWT: Failed audience check or unknown key"
	case claims.Iss != Robot:
		return "Invalid grant: account not found"
	case claims.Aud != s.URL+TokenPath:
		return "Invalid JWT: Failed audience check."
	case !slices.Contains(strings.Fields(claims.Scope), scope):
		return "Invalid OAuth scope or ID token audience provided."
	case claims.Exp-claims.Iat > 3600+60 || now.Unix() > claims.Exp || now.Add(5*time.Minute).Unix() < claims.Iat:
		return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."
	}
	return ""
}
