// Writes tokens made by Node's jose: node make_jose.mjs KEYS > jose.json
import { readFileSync } from 'node:fs';
import { SignJWT, importPKCS8 } from 'jose';
const keys = process.argv[2];
const secret = new TextEncoder().encode('a secret of sixty-four bytes, so that it is long enough for HS512!');
const pem = { RS: 'rsa', PS: 'rsa', ES256: 'p256', ES384: 'p384', EdDSA: 'ed25519' };
const names = [...['HS', 'RS', 'PS'].flatMap((f) => ['256', '384', '512'].map((s) => f + s)), 'ES256', 'ES384', 'EdDSA'];
const claims = { sub: 'alice', sid: 's1', roles: ['user', 'publisher'], iss: 'https://id.example.com', aud: 'carillon', exp: 4102444800, jti: 't-1' };
const tokens = {};
for (const alg of names) {
    const file = pem[alg] ?? pem[alg.slice(0, 2)];
    const key = file ? await importPKCS8(readFileSync(`${keys}/${file}.pem`, 'utf8'), alg) : secret;
    tokens[alg] = await new SignJWT(claims).setProtectedHeader({ alg, typ: 'JWT' }).sign(key);
}
console.log(JSON.stringify(tokens, null, 1));
