/** Asks issuers for their metadata, in a process whose proxy and authorities are those of its environment. */
import { createIssuer } from '../../src/console/access/oidc/issuer.ts'

const people = { roleClaim: 'roles', operators: ['ops'], auditors: [] }
const client = {
  clientId: 'mailchute',
  clientSecret: null,
  scope: 'openid',
  consoleUrl: 'https://mailchute.example.com',
}
for (const issuer of process.argv.slice(2)) {
  const found = await createIssuer({ issuer, ...people, ...client }, () => new Date())
    .configuration()
    .then(
      (configuration) => configuration.serverMetadata().issuer,
      ({ code, message }) => `${code}: ${message}`,
    )
  process.stdout.write(`${found}\n`)
}
