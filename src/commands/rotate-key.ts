import { rotateKey } from '../access/rotate-key.ts'
import type { Config } from '../config.ts'
import { openApp } from './app.ts'
import { print } from './terminal.ts'

/** `mailchute rotate-key`: what is kept of credentials is sealed anew, with the current key or a new key file. */
export async function rotate(config: Config): Promise<void> {
  await using app = await openApp(config)
  const count = await rotateKey(app.keyring, app.store.logins)
  const isFile = config.secretKey === null
  print(
    `${count === 1 ? '1 login is' : `${count} logins are`} sealed with ${isFile ? 'a new key (secret.key)' : 'MAILCHUTE_SECRET_KEY'}\n`,
  )
  if (config.oldSecretKey !== null)
    print('MAILCHUTE_SECRET_KEY_OLD is not needed any more, once every process is restarted\n')
}
