/* The pages' own script: small conveniences and the charts. Pages work without it; charts then show their tables. */
(function () {
  'use strict';

  const still = navigator.webdriver || matchMedia('(prefers-reduced-motion: reduce)').matches;
  const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content;
  const all = (root, selector) => [...(root.matches?.(selector) ? [root] : []), ...root.querySelectorAll(selector)];

  /* Requests by htmx carry the page's token. */
  document.addEventListener('htmx:configRequest', (event) => {
    event.detail.headers['X-CSRF-Token'] = meta('csrf-token') || '';
  });

  /* Menu on phones, small menus ------------------------------------------ */

  function menu() {
    const button = document.getElementById('menu-button');
    const sidebar = document.getElementById('sidebar');
    if (!button || !sidebar) return;
    const toggle = (event) => {
      event.preventDefault();
      const open = button.getAttribute('aria-expanded') !== 'true';
      button.setAttribute('aria-expanded', String(open));
      sidebar.classList.toggle('is-open', open);
      sidebar.classList.toggle('is-shut', !open);
    };
    button.addEventListener('click', toggle);
    button.addEventListener('keydown', (event) => { if (event.key === ' ') toggle(event); });
  }

  document.addEventListener('click', (event) => {
    document.querySelectorAll('details.who[open]').forEach((box) => { if (!box.contains(event.target)) box.open = false; });
    if (event.target.closest('[data-print]')) window.print();
    const link = event.target.closest('.error-summary a');
    const field = link && document.getElementById(link.hash.slice(1));
    if (field) { event.preventDefault(); field.focus(); field.scrollIntoView({ block: 'center' }); }
  });
  document.addEventListener('keydown', (event) => {
    const box = event.key === 'Escape' && document.querySelector('details.who[open]');
    if (box) { box.open = false; box.querySelector('summary').focus(); }
  });

  /* Forms ------------------------------------------------------------------ */

  /* Fields that are asked only for some answers of others are hidden and not sent otherwise. */
  function asked(form) {
    const boxes = [...form.querySelectorAll('[data-when-name]')];
    // What a hidden choice decides follows it, so the boxes are gone over until none changes.
    for (let left = 4, changed = true; changed && left > 0; left -= 1) {
      changed = boxes.map((box) => ask(form, box)).some(Boolean);
    }
    form.querySelectorAll('[data-asked-group]').forEach((group) => {
      group.hidden = [...group.querySelectorAll('.field')].every((each) => each.hidden);
    });
  }

  /* Show or hide one box; whether that changed it. */
  function ask(form, box) {
    const also = JSON.parse(box.dataset.whenAlso || '[]');
    const shown = [[box.dataset.whenName, JSON.parse(box.dataset.whenValues)], ...also].every(([name, wanted]) => {
      const given = [...form.elements].filter((each) => each.name === name && !each.disabled && (each.type !== 'checkbox' && each.type !== 'radio' || each.checked));
      return (given.length ? given.map((each) => each.value) : ['']).some((each) => wanted.map(String).includes(each));
    });
    const changed = box.hidden === shown;
    box.hidden = !shown;
    box.querySelectorAll('input, select, textarea').forEach((each) => { each.disabled = !shown; });
    return changed;
  }

  function fileNames(input) {
    const list = document.querySelector(`[data-names-for="${input.id}"]`);
    list?.replaceChildren(...[...input.files].map((file) => {
      const item = document.createElement('li');
      item.textContent = `${file.name} (${Math.max(1, Math.round(file.size / 1024)).toLocaleString('en')} KB)`;
      return item;
    }));
  }

  /* A new row is the last one emptied, its number raised in names, ids and references. */
  function addRow(group) {
    const rows = group.querySelectorAll('[data-row]');
    const last = rows[rows.length - 1];
    const raise = (text) => text.replaceAll(`${group.dataset.rows}-${rows.length - 1}-`, `${group.dataset.rows}-${rows.length}-`);
    const row = last.cloneNode(true);
    row.querySelectorAll('.field-error').forEach((each) => each.remove());
    row.querySelectorAll('*').forEach((each) => {
      each.classList.remove('is-wrong', 'is-invalid');
      each.removeAttribute('aria-invalid');
      ['id', 'name', 'for', 'aria-describedby', 'data-names-for', 'data-when-name'].forEach((name) => {
        if (each.hasAttribute(name)) each.setAttribute(name, raise(each.getAttribute(name)));
      });
      if (each.matches('input:not([type=checkbox]):not([type=radio]), textarea, select')) each.value = '';
      if (each.matches('input[type=checkbox], input[type=radio]')) each.checked = false;
    });
    last.after(row);
    row.querySelector('input, select, textarea')?.focus();
  }

  document.addEventListener('change', (event) => {
    if (event.target.matches('input[type=file]')) fileNames(event.target);
    if (event.target.form) asked(event.target.form);
    if (event.target.matches('[data-submit]')) event.target.form.requestSubmit();
  });
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-add-row]');
    if (button) addRow(button.closest('[data-rows]'));
  });
  ['dragover', 'dragleave', 'drop'].forEach((kind) => document.addEventListener(kind, (event) => {
    event.target.closest?.('.drop')?.classList.toggle('is-over', kind === 'dragover');
  }));
  /* One press, one request; the key of the form makes a repeat harmless in any case. */
  document.addEventListener('submit', (event) => {
    if (!event.target.matches('form[data-once]')) return;
    setTimeout(() => event.target.querySelectorAll('[type=submit]').forEach((each) => { each.disabled = true; }));
  });
  window.addEventListener('pageshow', () => {
    document.querySelectorAll('form[data-once] [type=submit]').forEach((each) => { each.disabled = false; });
  });

  /* Charts ------------------------------------------------------------------ */

  const COLOURS = ['#15795a', '#0e6f88', '#5b7a24', '#9a6a0c', '#4463ab', '#7d5191', '#a0562e', '#546c77'];
  const TONES = { green: '#15795a', amber: '#c58b1b', orange: '#e06a2c', red: '#b42318', grey: '#8a98a3' };
  const INK = '#4a5a66';
  const FONT = getComputedStyle(document.documentElement).getPropertyValue('--font').trim();
  const tip = { renderMode: 'richText', confine: true, backgroundColor: '#0a2f26', borderWidth: 0, textStyle: { color: '#fff', fontSize: 12, fontFamily: FONT } };
  const grouped = (value) => value.toLocaleString('en', { maximumFractionDigits: 2 });
  /* Marks of an axis may lie closer than the figures that are shown. */
  const fine = (value) => value.toLocaleString('en', { maximumFractionDigits: 4 });
  const figures = (values) => values.map((value) => (value === null || value === '' ? null : Number(value)));
  const said = (part, index) => `${part.name}  ${part.texts?.[index] ?? part.values[index] ?? '—'}${part.unit && !part.texts?.[index]?.endsWith('%') ? ' ' + part.unit : ''}`;
  const byIndex = (data, parts) => ({ ...tip, trigger: 'axis', formatter: (items) => [data.labels[items[0].dataIndex], ...parts.map((part) => said(part, items[0].dataIndex))].join('\n') });
  const legend = { top: 0, left: 0, itemWidth: 12, itemHeight: 12, textStyle: { color: INK, fontSize: 12 } };
  const grid = { left: 4, right: 4, top: 38, bottom: 4, containLabel: true };
  const labels = (data) => ({ type: 'category', data: data.labels, axisTick: { show: false }, axisLine: { lineStyle: { color: '#c5ced4' } }, axisLabel: { color: INK, fontSize: 12, hideOverlap: true } });
  /* The first and the last day stay inside the picture. */
  const ends = (data) => { const axis = labels(data); return { ...axis, boundaryGap: false, axisLabel: { ...axis.axisLabel, alignMinLabel: 'left', alignMaxLabel: 'right' } }; };
  /* Names beside lying bars, broken into lines: the room they take, and the least height that parts them. */
  const beside = (echarts, box, names, wide) => {
    const narrow = box.clientWidth < 480;
    const size = narrow ? 11 : 12;
    const width = narrow ? 96 : wide;
    const widths = names.map((name) => echarts.format.getTextRect(name, `${size}px ${FONT}`).width);
    const lines = Math.max(...widths.map((each) => (each > width ? Math.ceil(each / (width * .8)) : 1)));
    return {
      left: Math.min(Math.max(...widths) + 4, width) + 14,
      height: names.length * Math.max(26, lines * (size + 3) + 6),
      axis: { ...labels({ labels: names }), inverse: true, axisLabel: { color: INK, fontSize: size, lineHeight: size + 3, width, overflow: 'break', interval: 0 } },
    };
  };
  const scale = (part, more) => ({ type: 'value', splitLine: { lineStyle: { color: '#edf1f3' } }, axisLabel: { color: INK, fontSize: 12, formatter: (value) => (part.unit === '%' ? `${fine(value)}%` : fine(value)) }, ...more });
  const fade = (echarts, from, to) => new echarts.graphic.LinearGradient(0, 0, 0, 1, [{ offset: 0, color: from }, { offset: 1, color: to }]);

  const draw = {
    'bar-line'(data, echarts) {
      const parts = [data.bar, data.line].filter(Boolean);
      return {
        legend, grid, tooltip: byIndex(data, parts), xAxis: labels(data),
        yAxis: [scale(data.bar), data.line ? scale(data.line, { splitLine: { show: false }, min: (range) => Math.min(0, range.min) }) : null].filter(Boolean),
        series: [
          { name: data.bar.name, type: 'bar', data: figures(data.bar.values), barMaxWidth: 28, itemStyle: { color: fade(echarts, '#24a079', '#0f6b4f'), borderRadius: [3, 3, 0, 0] } },
          data.line && { name: data.line.name, type: 'line', yAxisIndex: 1, data: figures(data.line.values), symbol: 'circle', symbolSize: 8, lineStyle: { color: '#b97f10', width: 2 }, itemStyle: { color: '#fff', borderColor: '#b97f10', borderWidth: 2 },
            label: { show: true, position: 'top', color: '#7a4a00', fontSize: 11, backgroundColor: 'rgba(255,246,230,.9)', padding: [1, 3], borderRadius: 3, formatter: (item) => data.line.texts?.[item.dataIndex] ?? item.value }, labelLayout: { hideOverlap: true } },
        ].filter(Boolean),
      };
    },
    'line-two-axes'(data, echarts) {
      const axis = (part) => scale(part, { scale: true });
      const lines = (data.lines || []).map((line) => ({ yAxis: Number(line.value), lineStyle: { color: TONES[line.tone] || TONES.red }, label: { formatter: line.name, position: 'insideStartTop', color: line.tone === 'amber' ? '#7a4a00' : '#9b1c12', fontSize: 11 } }));
      const limits = lines.map((line) => line.yAxis);
      return {
        legend, grid, tooltip: byIndex(data, [data.left, data.right].filter(Boolean)), xAxis: ends(data),
        yAxis: [axis(data.left), data.right ? { ...axis(data.right), splitLine: { show: false }, min: (range) => Math.floor(Math.min(range.min, ...limits) / 5) * 5, max: (range) => Math.ceil((Math.max(range.max, ...limits) + .1) / 5) * 5 } : null].filter(Boolean),
        series: [
          { name: data.left.name, type: 'line', data: figures(data.left.values), showSymbol: data.labels.length < 2, step: data.step, lineStyle: { color: '#1f8a66', width: 2 }, itemStyle: { color: '#1f8a66' }, areaStyle: { color: fade(echarts, 'rgba(31,138,102,.22)', 'rgba(31,138,102,.02)') } },
          data.right && { name: data.right.name, type: 'line', yAxisIndex: 1, data: figures(data.right.values), step: data.step, symbol: 'circle', symbolSize: 7, lineStyle: { color: '#b42318', width: 2 }, itemStyle: { color: '#fff', borderColor: '#b42318', borderWidth: 2 }, markLine: { silent: true, symbol: 'none', animation: false, lineStyle: { type: 'dashed', width: 1 }, data: lines } },
        ].filter(Boolean),
      };
    },
    treemap(data) {
      const node = (item, index) => ({ name: item.name, value: Number(item.value), said: item.text || grouped(Number(item.value)), children: item.children?.map((each) => node(each)), ...(index === undefined ? {} : { itemStyle: { color: COLOURS[index % COLOURS.length], borderColor: COLOURS[index % COLOURS.length] } }) });
      const plain = (item) => `${item.name}\n${item.data.said}`;
      return {
        tooltip: { ...tip, formatter: (item) => `${item.name}  ${item.data?.said ?? ''} ${data.unit || ''}` },
        series: [{ type: 'treemap', left: 0, right: 0, top: 0, bottom: 0, roam: false, nodeClick: false, breadcrumb: { show: false }, data: data.items.map(node),
          label: { formatter: plain, color: '#fff', fontSize: 12, lineHeight: 17, overflow: 'truncate' }, upperLabel: { show: true, height: 26, formatter: '{b}', color: '#fff', fontWeight: 600, fontSize: 12, padding: [0, 4] },
          itemStyle: { borderColor: 'rgba(255,255,255,.35)', borderWidth: 1, gapWidth: 1 },
          levels: [{ itemStyle: { borderWidth: 0, gapWidth: 4, borderColor: '#fff' }, upperLabel: { show: false } }, { itemStyle: { borderWidth: 1, gapWidth: 1 } }] }],
      };
    },
    /* Steps that would stand closer than their words are wide lie below each other instead. */
    waterfall(data, echarts, box) {
      const lying = (box.clientWidth - 60) / data.steps.length < 72;
      const names = data.steps.map((step) => step.name);
      const rows = beside(echarts, box, names, 150);
      if (lying) box.style.height = `${Math.max(box.clientHeight, rows.height + names.length * 4 + 48)}px`;
      let sum = 0;
      const bars = data.steps.map((step, index) => {
        const from = step.total ? 0 : sum;
        sum = step.total ? Number(step.value) : sum + Number(step.value);
        return { value: [index, from, sum], itemStyle: { color: step.total ? '#0f6b4f' : Number(step.value) < 0 ? '#c2543f' : '#58b490' } };
      });
      const words = (index) => data.steps[index].text ?? grouped(Number(data.steps[index].value));
      const tooltip = { ...tip, formatter: (item) => `${item.name}  ${data.steps[item.dataIndex].text ?? ''} ${data.unit || ''}` };
      if (lying) {
        const row = (params, api) => {
          const [from, y] = api.coord([api.value(1), api.value(0)]);
          const [to] = api.coord([api.value(2), api.value(0)]);
          const right = params.coordSys.x + params.coordSys.width;
          const inside = Math.max(from, to) + 80 > right;
          /* A bar from one side to the other holds its words itself. */
          const filled = inside && Math.min(from, to) - 80 < params.coordSys.x;
          const at = filled ? Math.max(from, to) - 5 : inside ? Math.min(from, to) - 5 : Math.max(from, to) + 5;
          return { type: 'group', children: [
            { type: 'rect', shape: { x: Math.min(from, to), y: y - 9, width: Math.max(Math.abs(to - from), 1), height: 18, r: 2 }, style: { fill: api.visual('color') } },
            { type: 'text', style: { text: words(params.dataIndex), x: at, y, textAlign: inside ? 'right' : 'left', textVerticalAlign: 'middle', fill: filled ? '#fff' : '#17232b', backgroundColor: filled ? undefined : 'rgba(255,255,255,.86)', padding: [1, 2], font: `12px ${FONT}` } },
          ] };
        };
        const narrow = box.clientWidth < 480;
        return {
          grid: { left: rows.left, right: 16, top: 4, bottom: 26 }, tooltip,
          xAxis: scale(data, { splitNumber: narrow ? 2 : 4, axisLabel: { color: INK, fontSize: 11, formatter: fine, hideOverlap: true, alignMaxLabel: 'right' } }),
          yAxis: rows.axis,
          series: [{ type: 'custom', renderItem: row, data: bars, encode: { x: [1, 2], y: 0 } }],
        };
      }
      const shape = (params, api) => {
        const [x, from] = api.coord([api.value(0), api.value(1)]);
        const to = api.coord([api.value(0), api.value(2)])[1];
        const width = Math.min(api.size([1, 0])[0] * .6, 56);
        const text = words(params.dataIndex);
        return { type: 'group', children: [
          { type: 'rect', shape: { x: x - width / 2, y: Math.min(from, to), width, height: Math.max(Math.abs(from - to), 1), r: 2 }, style: { fill: api.visual('color') } },
          { type: 'text', style: { text, x, y: Math.min(from, to) - 5, textAlign: 'center', textVerticalAlign: 'bottom', fill: '#17232b', font: `12px ${FONT}` } },
        ] };
      };
      return {
        grid: { ...grid, top: 24 }, tooltip, xAxis: { ...labels({ labels: names }), axisLabel: { color: INK, fontSize: box.clientWidth < 480 ? 11 : 12, interval: 0, width: Math.max(40, (box.clientWidth - 60) / data.steps.length - 4), overflow: 'break' } }, yAxis: scale(data),
        series: [{ type: 'custom', renderItem: shape, data: bars, encode: { x: 0, y: [1, 2] } }],
      };
    },
    /* One bar a row: from the base to the value at the lower end, and to the value at the upper end. */
    tornado(data, echarts, box) {
      const small = box.clientWidth < 480;
      const base = Number(data.base.value);
      const rows = beside(echarts, box, data.bars.map((bar) => bar.name), 170);
      box.style.height = `${Math.max(box.clientHeight, rows.height + 74)}px`;
      const shape = (params, api) => {
        const [x, y] = api.coord([api.value(1), api.value(0)]);
        const [from] = api.coord([base, api.value(0)]);
        const height = Math.min(api.size([0, 1])[1] * .62, 26);
        return { type: 'rect', shape: { x: Math.min(x, from), y: y - height / 2, width: Math.max(Math.abs(x - from), 1), height, r: 2 }, style: { fill: api.visual('color') } };
      };
      const side = (end, name, color) => ({ type: 'custom', name, renderItem: shape, itemStyle: { color }, encode: { x: 1, y: 0 }, data: data.bars.map((bar, index) => [index, Number(bar[end].value)]),
        markLine: end === 'low' ? { silent: true, symbol: 'none', animation: false, lineStyle: { color: INK, type: 'solid', width: 1 }, label: { formatter: data.base.text, position: 'start', color: INK, fontSize: 11 }, data: [{ xAxis: base }] } : undefined });
      return {
        legend, grid: { left: rows.left, right: 28, top: 46, bottom: 26 },
        tooltip: { ...tip, formatter: (item) => { const bar = data.bars[item.dataIndex]; return `${bar.name}\n${data.low_name}  ${bar.low.text} ${data.unit}\n${data.high_name}  ${bar.high.text} ${data.unit}`; } },
        xAxis: scale(data, { scale: true, splitNumber: small ? 3 : 5, axisLabel: { color: INK, fontSize: 11, formatter: fine, hideOverlap: true } }),
        yAxis: rows.axis,
        series: [side('low', data.low_name, '#c58b1b'), side('high', data.high_name, '#15795a')],
      };
    },
    /* A band between two quantiles and the median in it; the band is stacked upon its lower end. */
    fan(data) {
      const low = figures(data.low.values);
      const band = figures(data.high.values).map((value, index) => (value === null || low[index] === null ? null : value - low[index]));
      const flat = { type: 'line', symbol: 'none', lineStyle: { opacity: 0 }, stack: 'band', stackStrategy: 'all' };
      return {
        legend: { ...legend, data: [`${data.low.name} – ${data.high.name}`, data.mid.name] }, grid, tooltip: byIndex(data, [data.low, data.mid, data.high]), xAxis: ends(data), yAxis: scale(data),
        series: [
          { ...flat, name: data.low.name, data: low },
          { ...flat, name: `${data.low.name} – ${data.high.name}`, data: band, itemStyle: { color: '#9bd0bb' }, areaStyle: { color: 'rgba(31,138,102,.26)' } },
          { name: data.mid.name, type: 'line', data: figures(data.mid.values), showSymbol: data.labels.length < 2, lineStyle: { color: '#0f6b4f', width: 2 }, itemStyle: { color: '#0f6b4f' } },
        ],
      };
    },
    parcels(data, echarts, box) {
      const features = data.geojson.features;
      const latitude = features.length ? features[0].geometry.coordinates.flat(Infinity)[1] : 0;
      const top = Math.max(...features.map((each) => Number(each.properties.value) || 0), 1);
      const colour = (each) => (each.tone ? TONES[each.tone] : `rgba(15,107,79,${(.28 + .72 * (Number(each.value) || 0) / top).toFixed(2)})`);
      echarts.registerMap(box.id, data.geojson);
      return {
        tooltip: { ...tip, formatter: (item) => (item.data ? `${item.name}  ${item.data.said} ${data.unit || ''}` : '') },
        series: [{ type: 'map', map: box.id, roam: false, selectedMode: false, aspectScale: Math.cos(latitude * Math.PI / 180), layoutCenter: ['50%', '50%'], layoutSize: '74%',
          label: { show: true, color: '#17232b', fontSize: 12, lineHeight: 15, backgroundColor: 'rgba(255,255,255,.86)', padding: [2, 4], borderRadius: 3, formatter: (item) => (item.data ? `${item.name}\n${item.data.said}` : item.name) },
          /* Under its shape, so that a small one is not hidden by its own name. */
          labelLayout: (item) => ({ x: item.rect.x + item.rect.width / 2, y: Math.min(item.rect.y + item.rect.height + 24, box.clientHeight - 18), align: 'center', verticalAlign: 'middle', hideOverlap: true }),
          itemStyle: { borderColor: '#0f6b4f', borderWidth: 3 }, emphasis: { label: { color: '#17232b' }, itemStyle: { areaColor: '#e0a100' } },
          data: features.map(({ properties: each }) => ({ name: each.name, value: Number(each.value) || 0, said: each.text ?? each.value ?? '', href: each.href, itemStyle: { areaColor: colour(each) } })) }],
      };
    },
  };

  let library;
  function load() {
    library = library || new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.src = meta('chart-library');
      script.onload = () => resolve(window.echarts);
      script.onerror = reject;
      document.head.append(script);
    });
    return library;
  }

  /* The observer reports once before layout, and a map then fails to resize: only a real change counts. */
  function fit(box, chart) {
    let width = box.clientWidth;
    let height = box.clientHeight;
    const resize = () => {
      const changed = box.clientWidth > 0 && box.clientHeight > 0 && (box.clientWidth !== width || box.clientHeight !== height);
      if (!changed) return;
      width = box.clientWidth;
      height = box.clientHeight;
      chart.resize();
    };
    new ResizeObserver(resize).observe(box);
    /* On paper the canvas would keep the width of the screen; a picture shrinks with its card. */
    window.addEventListener('beforeprint', () => {
      if (box.classList.contains('is-printing')) return;
      const picture = document.createElement('img');
      picture.alt = '';
      picture.src = chart.getDataURL({ pixelRatio: 2, backgroundColor: '#fff' });
      picture.width = box.clientWidth;
      box.append(picture);
      box.classList.add('is-printing');
    });
    window.addEventListener('afterprint', () => {
      box.classList.remove('is-printing');
      box.querySelectorAll(':scope > img').forEach((each) => each.remove());
      resize();
    });
  }

  /* What stands in no other table is printed whole, and folded again afterwards. */
  function unfoldForPaper() {
    let opened = [];
    window.addEventListener('beforeprint', () => {
      opened = all(document, 'details.twin-whole:not([open])');
      opened.forEach((each) => { each.open = true; });
    });
    window.addEventListener('afterprint', () => opened.forEach((each) => { each.open = false; }));
  }

  async function charts(root) {
    const boxes = all(root, '[data-chart]:not([data-drawn])');
    if (!boxes.length) return;
    const echarts = await load().catch(() => null);
    boxes.forEach((box) => {
      const twin = box.parentElement.querySelector('details.twin');
      if (!echarts) { box.hidden = true; if (twin) twin.open = true; return; }
      const data = JSON.parse(document.getElementById(box.dataset.source).textContent);
      /* Some drawings make their box taller, so they come before the canvas. */
      const drawing = draw[box.dataset.chart](data, echarts, box);
      const chart = echarts.init(box, null, { renderer: 'canvas' });
      chart.setOption({ animation: !still, textStyle: { fontFamily: FONT }, ...drawing });
      chart.on('click', (item) => { if (item.data?.href) location.assign(item.data.href); });
      box.dataset.drawn = 'true';
      fit(box, chart);
    });
  }
  document.addEventListener('htmx:beforeCleanupElement', (event) => {
    if (event.target.dataset?.drawn) window.echarts?.getInstanceByDom(event.target)?.dispose();
  });

  /* Start -------------------------------------------------------------------- */

  function start(root) {
    all(root, 'form').forEach(asked);
    all(root, '[data-add-row]').forEach((button) => { button.hidden = false; });
    all(root, '.error-summary').slice(0, 1).forEach((summary) => summary.focus());
    charts(root);
  }
  menu();
  unfoldForPaper();
  start(document.body);
  document.addEventListener('htmx:afterSwap', (event) => start(event.detail.elt || event.target));
})();
