/** A command that uses the embedded database, as a process of its own: opens it, says so, closes it when told. */
import { openEmbedded } from '../../src/store/embedded/embedded.ts'

const [dataDir = ''] = process.argv.slice(2)
const database = await openEmbedded(dataDir).catch((error: Error) => {
  process.stdout.write(`${JSON.stringify({ error: error.message })}\n`)
  process.exit(1)
})
process.stdout.write(`${JSON.stringify({ url: database.url })}\n`)
process.stdin.once('data', async () => {
  await database.close()
  process.exit(0)
})
