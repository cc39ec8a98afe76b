"""Writes tokens made by PyJWT: make_pyjwt.py KEYS > pyjwt.json"""
import json, sys, jwt
keys = sys.argv[1]
read = lambda name: open(f"{keys}/{name}").read()
secret = "a secret of sixty-four bytes, so that it is long enough for HS512!"
signers = {"HS": secret, "RS": read("rsa.pem"), "PS": read("rsa.pem"), "ES256": read("p256.pem"), "ES384": read("p384.pem"), "EdDSA": read("ed25519.pem")}
claims = {"sub": "alice", "sid": "s1", "roles": ["user", "publisher"], "iss": "https://id.example.com", "aud": "carillon", "exp": 4102444800, "jti": "t-1"}
names = [f + s for f in ("HS", "RS", "PS") for s in ("256", "384", "512")] + ["ES256", "ES384", "EdDSA"]
print(json.dumps({n: jwt.encode(claims, signers.get(n, signers.get(n[:2])), algorithm=n) for n in names}, indent=1))
