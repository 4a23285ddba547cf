/** What other plugins of this Haraka could do with a message that a rule covers. */
import type { HarakaPlugin, HarakaPlugins } from './haraka/types.js'

/** Plugins in `queue_outbound` that send nothing: they keep a message here, or drop it. */
const KEEPERS: readonly string[] = ['queue/quarantine', 'queue/discard']

/** The plugins in the hook `queue_outbound` that may send a message in their own way. */
export function otherSenders(plugin: HarakaPlugin): string[] {
  const { registered_hooks } = plugin.haraka_require('plugins') as HarakaPlugins
  const others = (registered_hooks['queue_outbound'] ?? []).map((hook) => hook.plugin)
  return others.filter((name) => name !== plugin.name && !KEEPERS.includes(name))
}

/** The plugin whose hook runs before ours, or `null`. */
export function runsBefore(plugin: HarakaPlugin, hook: string): string | null {
  const { registered_hooks } = plugin.haraka_require('plugins') as HarakaPlugins
  const first = registered_hooks[hook]?.[0]?.plugin
  return first === undefined || first === plugin.name ? null : first
}

/** Whether a plugin is loaded. */
export function isLoaded(plugin: HarakaPlugin, name: string): boolean {
  return (plugin.haraka_require('plugins') as HarakaPlugins).plugin_list.includes(name)
}
