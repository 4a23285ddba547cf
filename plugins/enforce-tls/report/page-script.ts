/**
 * The script of a report's page, as the browser gets it: draws the charts in the colours of the style, again
 * when these change, and for paper. Without it the tables still say everything.
 */
export const PAGE_SCRIPT = `
'use strict';
(() => {
  const charts = JSON.parse(document.getElementById('charts').textContent);
  const root = document.documentElement;
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  const opened = [];
  let drawn = [];
  // Beside a bar there is room for the end of a name, which says more than its beginning; the table has all of it.
  function shortened(value) {
    const name = this.getLabelForValue(value);
    const room = this.chart.width < 500 ? 20 : 40;
    return name.length <= room ? name : '\\u2026' + name.slice(1 - room);
  }
  const draw = (animated) => {
    for (const chart of drawn) chart.destroy();
    const style = getComputedStyle(root);
    const colour = (name) => style.getPropertyValue('--' + name).trim();
    const coloured = (names) => (Array.isArray(names) ? names.map(colour) : colour(names));
    Chart.defaults.color = colour('text');
    Chart.defaults.borderColor = colour('line');
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.animation = animated && !still.matches ? { duration: 400 } : false;
    Chart.defaults.maintainAspectRatio = false;
    Chart.defaults.plugins.legend.position = 'bottom';
    drawn = charts.map(({ id, config }) => {
      const datasets = config.data.datasets.map((set) => ({
        ...set,
        backgroundColor: coloured(set.backgroundColor),
        borderColor: colour('card'),
        borderWidth: 1,
        maxBarThickness: 36,
      }));
      if (config.options.indexAxis === 'y') config.options.scales.y.ticks.callback = shortened;
      return new Chart(document.getElementById(id), { ...config, data: { ...config.data, datasets } });
    });
  };
  draw(true);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => draw(false));
  addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll('details:not([open])')) {
      details.open = true;
      opened.push(details);
    }
    root.classList.add('paper');
    draw(false);
  });
  addEventListener('afterprint', () => {
    for (const details of opened.splice(0)) details.open = false;
    root.classList.remove('paper');
    draw(false);
  });
})();
`
