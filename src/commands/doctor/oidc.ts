/** Whether people can log in to the console at its issuer, as far as it can be seen without somebody. */
import type { OidcConfig } from '../../config/oidc.ts'
import { createIssuer } from '../../console/access/oidc/issuer.ts'
import { CALLBACK_PATH } from '../../console/access/oidc/sign-in.ts'
import type { Report } from './report.ts'

export async function checkOidc(config: OidcConfig, report: Report): Promise<void> {
  const what = 'console login'
  await report.check(what, async () => {
    const issuer = createIssuer(config, () => new Date())
    await issuer.configuration()
    return `${issuer.host} answers and is the issuer that is set`
  })
  report.hint(what, {
    said: 'whether the issuer knows this console cannot be seen from here',
    todo:
      `register ${config.consoleUrl}${CALLBACK_PATH} as redirect URI of ${config.clientId}, and log in once\n` +
      '(docs/console.md)',
  })
}
