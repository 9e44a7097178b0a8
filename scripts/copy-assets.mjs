/** What the compiler leaves out of dist/: style, script and icon of the console. */
import { cpSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const FOLDER = path.join('console', 'assets')

cpSync(path.join(ROOT, 'src', FOLDER), path.join(ROOT, 'dist', FOLDER), { recursive: true })
