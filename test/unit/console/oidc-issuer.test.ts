import { afterEach, expect, test, vi } from 'vitest'
import { createIssuer } from '../../../src/console/access/oidc/issuer.ts'

afterEach(() => vi.restoreAllMocks())

/** Nothing else can stand for Microsoft's host: the library makes an exception for it by its name. */
function answering(issuer: string): void {
  const metadata = {
    issuer,
    token_endpoint: 'https://login.microsoftonline.com/t',
    jwks_uri: 'https://login.microsoftonline.com/k',
  }
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json(metadata))
}

function issuerAt(issuer: string) {
  const people = { roleClaim: 'roles', operators: ['ops'], auditors: [] }
  const client = {
    clientId: 'mailchute',
    clientSecret: null,
    scope: 'openid',
    consoleUrl: 'https://mailchute.example.com',
  }
  return createIssuer({ issuer, ...people, ...client }, () => new Date())
}

test('metadata of Microsoft that speak for another tenant, or for all of them, are refused', async () => {
  for (const found of ['{tenantid}', '0b1e7a3c-0000-0000-0000-000000000000']) {
    answering(`https://login.microsoftonline.com/${found}/v2.0`)
    const asked = issuerAt('https://login.microsoftonline.com/contoso.example/v2.0').configuration()
    await expect(asked).rejects.toMatchObject({ code: 'oidc/issuer-wrong', message: expect.stringContaining(found) })
  }
})

test('those of the tenant that is set are good', async () => {
  answering('https://login.microsoftonline.com/0b1e7a3c-0000-0000-0000-000000000000/v2.0')
  const found = await issuerAt(
    'https://login.microsoftonline.com/0b1e7a3c-0000-0000-0000-000000000000/v2.0',
  ).configuration()
  expect(found.serverMetadata().issuer).toContain('0b1e7a3c')
})
