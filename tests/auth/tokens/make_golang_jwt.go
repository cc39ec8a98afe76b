// Writes tokens made by golang-jwt: go run . KEYS > golang-jwt.json
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/golang-jwt/jwt/v5"
)

func main() {
	read := func(name string) []byte {
		text, err := os.ReadFile(os.Args[1] + "/" + name + ".pem")
		if err != nil {
			panic(err)
		}
		return text
	}
	must := func(key any, err error) any {
		if err != nil {
			panic(err)
		}
		return key
	}
	rsa, err := jwt.ParseRSAPrivateKeyFromPEM(read("rsa"))
	p256, err2 := jwt.ParseECPrivateKeyFromPEM(read("p256"))
	p384, err3 := jwt.ParseECPrivateKeyFromPEM(read("p384"))
	ed, err4 := jwt.ParseEdPrivateKeyFromPEM(read("ed25519"))
	secret := []byte("a secret of sixty-four bytes, so that it is long enough for HS512!")
	keys := map[string]any{"HS": secret, "RS": must(rsa, err), "PS": must(rsa, err), "ES256": must(p256, err2), "ES384": must(p384, err3), "EdDSA": must(ed, err4)}
	tokens := map[string]string{}
	for _, name := range []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"} {
		key, ok := keys[name]
		if !ok {
			key = keys[name[:2]]
		}
		claims := jwt.MapClaims{"sub": "alice", "sid": "s1", "roles": []string{"user", "publisher"}, "iss": "https://id.example.com", "aud": "carillon", "exp": 4102444800, "jti": "t-1"}
		text, err := jwt.NewWithClaims(jwt.GetSigningMethod(name), claims).SignedString(key)
		if err != nil {
			panic(err)
		}
		tokens[name] = text
	}
	out, _ := json.MarshalIndent(tokens, "", " ")
	fmt.Println(string(out))
}
