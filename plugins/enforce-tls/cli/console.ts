/** `enforce-tls console`: the console on a port of this machine, for trying it out without Haraka. */
import { assertInstalled, CONSOLE } from '../settings/optional-package.js'
import { examples, type Root } from './context.js'
import type { Terminal } from './output.js'
import { WrongUse } from './refusal.js'

/** Adds the `console` command to the program. */
export function addConsoleCommand(program: Root, terminal: Terminal): void {
  program
    .command('console')
    .description(
      'serve the console on this machine, for trying it out; in a Haraka, set [console] enabled=true',
    )
    .option('--port <port>', 'the port on 127.0.0.1; 0 is a free one', '8025')
    .addHelpText(
      'after',
      examples('console', 'console --file rules.json --port 0', 'console --config /etc/haraka'),
    )
    .action(async (options, command) => {
      const port = portOf(options.port)
      assertInstalled(CONSOLE)
      // The other commands do without an HTTP server.
      const { serveConsole } = await import('./console-server.js')
      await serveConsole(command.optsWithGlobals(), port, terminal)
    })
}

function portOf(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port
  throw new WrongUse([`--port ${JSON.stringify(text)} is not a number from 0 to 65535`])
}
