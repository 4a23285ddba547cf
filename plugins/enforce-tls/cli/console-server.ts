/**
 * The server of `enforce-tls console`. It listens on loopback only, makes a first user where there is none, and
 * ends with SIGINT or SIGTERM.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadsPlugin } from '../check/outbound-settings.js'
import { openAccountStore } from '../console/auth/open-account-store.js'
import { peopleIn } from '../console/auth/people.js'
import { addUser } from '../console/auth/users.js'
import type { AccountStore } from '../console/auth/account-store.js'
import { limitConnections } from '../console/connection-limit.js'
import { createConsole } from '../console/console.js'
import { MOUNT, mountConsole } from '../console/mount.js'
import { packagedPreview } from '../console/preview-bounce.js'
import { openDeliveryLog, openPartnerFacts, openSharedHashes, openStore } from '../store/open-store.js'
import type { SharedOptions } from './context.js'
import { memoryIn } from './haraka-memory.js'
import { newFileOwner } from './new-files.js'
import { Output, type Terminal } from './output.js'
import { openOwnPartners } from './partners.js'
import { Refusal } from './refusal.js'
import { chooseStore, isHarakaFolder, redisOfEnvironment } from './store-option.js'

/** Enough for one person's browser and some programs. */
const CONNECTIONS_MAX = 200

/**
 * Serves until it is told to end.
 *
 * @throws {Refusal} when the port can't be had.
 */
export async function serveConsole(options: SharedOptions, port: number, terminal: Terminal): Promise<void> {
  const { settings, folder } = chooseStore(withDefaultFile(options, terminal), terminal)
  const owner = newFileOwner({ settings, folder })
  const store = openStore(settings, { newFileOwner: owner })
  const accounts = openAccountStore(settings, owner)
  const deliveries = openDeliveryLog(settings)
  const waiting = openSharedHashes(settings, { newFileOwner: owner })
  const partnerFacts = openPartnerFacts(settings)
  const partners = await openOwnPartners({ settings, folder })
  const output = new Output(terminal, options.json === true)
  try {
    const first = await firstUser(accounts)
    const answer = mountConsole(createConsole, {
      store,
      accounts,
      settings: () => ({ ...settings, console: { ...settings.console, enabled: true, trustProxy: false } }),
      previewBounce: (request) => packagedPreview(request, settings, folder),
      deliveries,
      waiting,
      partnerFacts,
      checkPartner: partners.check,
      offersTls: () => loadsPlugin(folder, 'tls'),
      memory: memoryIn({ folder, settings }),
      logError: (sentence) => terminal.stderr.write(`enforce-tls: ${sentence}\n`),
    })
    const server = createServer((request, response) => {
      // Another name for 127.0.0.1 is how a page of another site would come in (DNS rebinding).
      if (!/^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/.test(request.headers.host ?? '')) {
        response.writeHead(421).end('This console answers at 127.0.0.1 and localhost only.\n')
        return
      }
      answer(request, response, () => response.writeHead(302, { location: MOUNT.slice(1) + '/' }).end())
    })
    limitConnections(server, CONNECTIONS_MAX)
    const url = `http://127.0.0.1:${await listening(server, port)}${MOUNT}/`
    output.data({ url, store: store.description, ...(first ?? {}) })
    output.line(`The console is at ${url} on ${store.description}.`)
    if (first) output.line(`Sign in as ${first.user} with the password ${first.password} (shown this once).`)
    else output.line('Sign in as one of its users: enforce-tls user list')
    if (owner) output.line(`Files that it makes belong to ${owner.name}, the user of Haraka in smtp.ini.`)
    output.line('Ctrl-C ends it.')
    await untilEnd(server)
  } finally {
    partners.close()
    await deliveries.close()
    await waiting.close()
    await partnerFacts.close()
    await accounts.close()
    await store.close()
  }
}

/** Without any word on the store and outside of a Haraka folder: a rules file in the current folder. */
function withDefaultFile(options: SharedOptions, terminal: Terminal): SharedOptions {
  const { redis, file, config } = options
  if (redis !== undefined || file !== undefined || config !== undefined) return options
  if (redisOfEnvironment(terminal) !== undefined) return options
  if (isHarakaFolder(terminal.cwd())) return options
  return { ...options, file: 'enforce-tls.rules.json' }
}

/** Makes an administrator where nobody could sign in. */
async function firstUser(accounts: AccountStore): Promise<{ user: string; password: string } | null> {
  if ((await accounts.all('users')).size > 0) return null
  const password = randomBytes(12).toString('base64url')
  const people = peopleIn(accounts, 'enforce-tls console', () => undefined)
  await addUser(people, 'admin', { role: 'admin', domains: [] }, password)
  return { user: 'admin', password }
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE'
      reject(
        new Refusal([
          inUse ? `port ${port} is in use; choose another with --port` : `port ${port}: ${error.message}`,
        ]),
      )
    })
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function untilEnd(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      server.close(() => resolve())
      server.closeAllConnections()
    }
    process.once('SIGINT', end)
    process.once('SIGTERM', end)
  })
}
