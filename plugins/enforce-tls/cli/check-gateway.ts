/** `enforce-tls check --gateway`: whether a gateway of the settings takes mail as a delivery hands it over. */
import type { GatewayCheck } from '../check/types.js'
import { sayGatewayWorking } from '../waiting/say-working.js'
import { gatewayAddress } from '../settings/gateways.js'
import { errorMessage } from '../text/error-message.js'
import { quote } from '../text/quote.js'
import type { Surroundings } from './context.js'
import { exitCodeOf, GATEWAY_VERDICTS, showHosts } from './format-check.js'
import { knownGateway } from './gateway-problem.js'
import type { Output } from './output.js'
import { Ended, Refusal } from './refusal.js'

/**
 * Asks the gateway, and shows what was found.
 *
 * @param dns as `Partners` are opened with
 * @throws {Refusal} for a gateway that the settings do not have
 */
export async function checkGatewayOf(
  surroundings: Surroundings,
  name: string,
  dns: string | undefined,
): Promise<void> {
  const { output, partners, settings, folder } = surroundings
  if (folder === null)
    throw new Refusal([
      'gateways are in enforce-tls.ini: say with --config which Haraka folder, in place of --redis or --file',
    ])
  const problem = knownGateway(settings.gateways, name)
  if (problem !== null) throw new Refusal([`the gateway ${quote(name)} ${problem}`])
  const found = await (await partners(dns)).checkGateway(name)
  if (found === null || 'problem' in found)
    throw new Refusal([`the gateway ${quote(name)} ${found?.problem ?? 'is not in [gateways]'}`])
  output.data(found)
  showGateway(output, found)
  // Another DNS is not the one that waiting mail goes by.
  if (found.verdict === 'delivered' && dns === undefined) await wakeFor(surroundings, name)
  const exitCode = exitCodeOf([found])
  if (exitCode !== 0) throw new Ended(exitCode)
}

function showGateway(output: Output, check: GatewayCheck): void {
  const { gateway, verdict, reason, requirement, trust, hosts, remarks, implicitTls } = check
  const { minVersion } = requirement
  output.line(`gateway ${gateway}: ${GATEWAY_VERDICTS[verdict]}.`)
  output.item(`${reason}.`)
  const how = implicitTls ? 'TLS from the first byte on' : 'STARTTLS'
  const held = trust === null ? [] : [`trust ${trust}`]
  const required = [`level ${check.level}`, ...(minVersion ? [`${minVersion} or later`] : [])]
  output.item(`Checked at ${[...required, ...held].join(', ')}, ${gatewayAddress(check)} by ${how}.`)
  output.item(formatAuth(check))
  showHosts(output, hosts)
  if (remarks.length > 0) output.line('')
  for (const remark of remarks) output.line(remark)
}

function formatAuth({ auth: { needed, offered } }: GatewayCheck): string {
  const login = needed ? 'a login is set, and was not tried' : 'no login is set'
  if (offered === null) return `AUTH: unknown, it did not come to that; ${login}.`
  return `AUTH: ${offered.length === 0 ? 'not offered' : `offered (${offered.join(', ')})`}; ${login}.`
}

/** What becomes of the mail that waits for it is no part of the check. */
async function wakeFor({ asHaraka, waiting, output }: Surroundings, name: string): Promise<void> {
  if (!asHaraka) return
  try {
    if (await sayGatewayWorking(waiting(), name)) output.line('Mail that waits for it is tried now.')
  } catch (error) {
    output.line(`Mail that may wait for it is not tried now: ${errorMessage(error)}.`)
  }
}
