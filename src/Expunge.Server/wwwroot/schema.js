// Draws the reference graph: the root on the left, its tables by depth to the right, those of a group together. What is selected and found is the page's to decide.
import cytoscape from './cytoscape.esm.min.mjs';

const rowHeight = 32, tableHeight = 24, titleHeight = 22, padding = 10, gap = 18, depthGap = 90;
const shapes = { Cascade: 'triangle', SetNull: 'circle', SetDefault: 'circle', Retain: 'tee', Reassign: 'diamond', Keep: 'square' };

export function draw(canvas, cursor, page, graph) {
    const started = performance.now();
    const cy = cytoscape({
        container: canvas, elements: elements(graph, canvas.clientWidth / Math.max(1, canvas.clientHeight)), style: style(canvas), layout: { name: 'preset', fit: true, padding: 12 },
        autoungrabify: true, boxSelectionEnabled: false, minZoom: 0.05, maxZoom: 3,
    });
    let at = null, line = false, moved = false;

    cy.on('scrollzoom dragpan pinchzoom', () => moved = true);
    cy.on('tap', event => {
        const id = event.target === cy || event.target.hasClass('area') ? null : event.target.id();
        if (id && event.target.isNode()) move(event.target, false);
        page.invokeMethodAsync('SelectAsync', id);
    });
    cy.on('mouseover', 'node.table', event => event.target.connectedEdges().addClass('near'));
    cy.on('mouseout', 'node.table', event => event.target.connectedEdges().removeClass('near'));

    const keys = {
        ArrowLeft: () => step(-1, 0), ArrowRight: () => step(1, 0), ArrowUp: () => step(0, -1), ArrowDown: () => step(0, 1),
        Home: () => move(cy.getElementById(graph.tables[0].id), true),
        Enter: () => at && page.invokeMethodAsync('SelectAsync', at.id()),
        '+': () => zoom(1.25), '=': () => zoom(1.25), '-': () => zoom(0.8), '0': fit,
        Escape: () => page.invokeMethodAsync('SelectAsync', null),
    };
    const pressed = event => {
        const act = event.ctrlKey || event.metaKey || event.altKey ? null : keys[event.key];
        if (!act) return;
        event.preventDefault();
        act();
    };
    canvas.addEventListener('keydown', pressed);
    // Cytoscape notices the window's size, not that the details open beside it.
    const sizes = new ResizeObserver(() => {
        if (canvas.clientWidth === 0) return;
        cy.resize();
        if (!moved) fit();
        else if (at) reveal(at);
    });
    sizes.observe(canvas);

    function fit() {
        moved = false;
        cy.fit(cy.elements(':visible'), line ? 40 : 12);
    }

    function zoom(factor) {
        moved = true;
        cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
    }

    function step(x, y) {
        if (!at) return move(cy.getElementById(graph.tables[0].id), true);
        const from = at.position();
        let best = null, least = Infinity;
        cy.nodes('.table:visible').not('.faded').forEach(node => {
            const dx = node.position().x - from.x, dy = node.position().y - from.y;
            const ahead = dx * x + dy * y, aside = Math.abs(dx * y) + Math.abs(dy * x);
            const far = ahead + 3 * aside;
            if (ahead > 1 && far < least) [best, least] = [node, far];
        });
        if (best) move(best, true);
    }

    function move(node, revealed) {
        at?.removeClass('at');
        at = node.addClass('at');
        cursor.textContent = at.data('words');
        if (revealed) reveal(at);
    }

    function reveal(node) {
        moved = true;
        if (cy.zoom() < 0.7) cy.zoom({ level: 0.9, position: node.position() });
        const box = node.renderedBoundingBox();
        if (box.x1 < 0 || box.y1 < 0 || box.x2 > cy.width() || box.y2 > cy.height()) cy.center(node);
    }

    function leaveLine() {
        if (!line) return;
        line = false;
        cy.nodes('.table').forEach(node => { node.position(node.scratch('home') ?? node.position()); });
        cy.elements().removeClass('off path');
    }

    performance.measure('graph drawn', { start: started });
    return {
        select(id) {
            cy.elements('.chosen, .near').removeClass('chosen near');
            if (!id) return;
            const element = cy.getElementById(id).addClass('chosen');
            if (element.isNode()) move(element, true);
            else move(element.source(), false);
        },
        // What is found stands out; null is all.
        show(ids) {
            const shown = ids && new Set(ids), whole = !shown;
            cy.batch(() => {
                leaveLine();
                cy.elements().not('.area').forEach(element => element.toggleClass('faded', Boolean(shown && !shown.has(element.id()))));
            });
            if (whole) fit();
        },
        // One path alone, in a line that begins at the root.
        path(tables, references) {
            const nodes = tables.map(id => cy.getElementById(id)), ids = new Set([...tables, ...references]);
            const upright = canvas.clientWidth < canvas.clientHeight;
            const apart = upright ? 90 : Math.max(...nodes.map(n => n.data('w'))) + 120;
            cy.batch(() => {
                leaveLine();
                cy.elements().removeClass('faded').forEach(element => element.toggleClass('off', !ids.has(element.id())));
                nodes.forEach((node, i) => {
                    node.scratch('home', { ...node.position() });
                    const far = (nodes.length - 1 - i) * apart;
                    node.position(upright ? { x: 0, y: far } : { x: far, y: 0 });
                });
                references.forEach(id => cy.getElementById(id).addClass('path'));
            });
            line = true;
            fit();
        },
        recolour() { cy.style(style(canvas)); },
        fit() { cy.resize(); fit(); },
        end() {
            sizes.disconnect();
            canvas.removeEventListener('keydown', pressed);
            cy.destroy();
        },
    };
}

export function focus(element) {
    (typeof element === 'string' ? document.getElementById(element) : element)?.focus();
}

function elements(graph, aspect) {
    const { tables, areas } = place(graph, aspect);
    return [
        ...areas.map(a => ({ group: 'nodes', classes: 'area', selectable: false, data: { id: a.id, label: a.title, w: a.width, h: a.height }, position: { x: a.x + a.width / 2, y: a.y + a.height / 2 } })),
        ...tables.map(t => ({
            group: 'nodes', classes: ['table', t.depth === 0 && 'root', t.shared && 'shared', t.stays && 'stays'].filter(Boolean).join(' '),
            data: { id: t.id, label: t.label, w: t.width, words: t.words }, position: { x: t.x, y: t.y },
        })),
        ...graph.references.map(r => ({
            group: 'edges', classes: [r.action, r.soft && 'soft', r.signs && 'signed'].filter(Boolean).join(' '), data: { id: r.id, source: r.from, target: r.to, signs: r.signs, columns: r.columns },
        })),
    ];
}

// As many columns for each depth as make the whole about as wide as the place for it.
function place(graph, aspect) {
    const order = new Map(graph.groups.map((title, i) => [title, i]));
    const depths = [];
    for (const table of graph.tables) (depths[table.depth] ??= []).push({ ...table, width: Math.max(50, table.label.length * 7 + 16) });
    let best = null;
    for (let height = 150; height <= 6000; height += 150) {
        const columns = depths.flatMap((tables, depth) => pack(tables, depth, order, height));
        const width = columns.reduce((sum, c) => sum + c.width + (c.first ? depthGap : gap), 0), tallest = Math.max(...columns.map(c => c.height));
        const miss = Math.abs(Math.log(width / tallest / aspect));
        if (!best || miss < best.miss) best = { columns, miss };
    }

    const tables = [], areas = [];
    let x = 0;
    for (const column of best.columns) {
        x += column.first ? depthGap : gap;
        let y = -column.height / 2;
        for (const card of column.cards) {
            if (card.title) areas.push({ id: `area ${areas.length}`, title: card.title, x, y, width: column.width, height: card.height });
            card.tables.forEach((table, i) => tables.push({ ...table, x: x + column.width / 2, y: y + (card.title ? titleHeight : padding / 2) + i * rowHeight + rowHeight / 2 }));
            y += card.height + gap;
        }

        x += column.width;
    }

    return { tables, areas };
}

function pack(tables, depth, order, height) {
    const byGroup = new Map();
    for (const table of tables) byGroup.set(table.group ?? '', [...(byGroup.get(table.group ?? '') ?? []), table]);
    const most = Math.max(1, Math.floor((height - titleHeight - padding) / rowHeight));
    const cards = [...byGroup].sort(([a], [b]) => (order.get(a) ?? Infinity) - (order.get(b) ?? Infinity) || 0).flatMap(([title, members]) => {
        const parts = [];
        for (let i = 0; i < members.length; i += most) parts.push(card(depth === 0 ? '' : title, members.slice(i, i + most)));
        return parts;
    });
    const columns = [];
    for (const next of cards) {
        let column = columns.at(-1);
        if (!column || column.height + gap + next.height > height) columns.push(column = { cards: [], height: -gap, width: 0, first: columns.length === 0 && depth > 0 });
        column.cards.push(next);
        column.height += gap + next.height;
        column.width = Math.max(column.width, next.width);
    }

    return columns;
}

function card(title, tables) {
    return { title, tables, height: (title ? titleHeight : padding / 2) + tables.length * rowHeight + padding / 2, width: Math.max(title.length * 6.5, ...tables.map(t => t.width)) + 2 * padding };
}

function style(canvas) {
    const values = getComputedStyle(canvas);
    const color = name => values.getPropertyValue(`--${name}`).trim();
    const layer = z => ({ 'z-index-compare': 'manual', 'z-index': z });
    return [
        { selector: 'node', style: { 'font-family': 'system-ui, sans-serif', 'font-size': 12, color: color('text'), label: 'data(label)', shape: 'round-rectangle', width: 'data(w)', 'min-zoomed-font-size': 5 } },
        { selector: '.area', style: { ...layer(0), height: 'data(h)', 'background-color': color('area'), 'border-width': 1, 'border-color': color('border'), 'border-opacity': 0.4, 'text-valign': 'top', 'text-halign': 'center', 'text-margin-y': 17, 'font-size': 11, color: color('faint'), events: 'no' } },
        { selector: '.table', style: { ...layer(2), height: tableHeight, 'text-valign': 'center', 'background-color': color('table'), 'border-width': 1, 'border-color': color('border') } },
        { selector: '.stays', style: { 'background-color': color('ground'), 'border-style': 'dashed' } },
        { selector: '.shared', style: { 'border-style': 'double', 'border-width': 4 } },
        { selector: '.root', style: { 'background-color': color('root'), color: color('root-text'), 'font-weight': 'bold' } },
        { selector: 'edge', style: { ...layer(1), width: 1.5, 'curve-style': 'bezier', opacity: 0.55, 'arrow-scale': 0.9, 'loop-direction': '-90deg', 'loop-sweep': '-60deg' } },
        ...Object.entries(shapes).map(([action, shape]) => ({ selector: `edge.${action}`, style: {
            'line-color': color(action), 'target-arrow-color': color(action), 'target-arrow-shape': shape, 'target-arrow-fill': action === 'SetNull' ? 'hollow' : 'filled',
            'line-style': action === 'Cascade' || action === 'Retain' ? 'solid' : 'dashed',
        } })),
        { selector: '.soft', style: { 'line-style': 'dotted', width: 2 } },
        { selector: '.signed', style: { 'source-label': 'data(signs)', 'source-text-offset': 16, 'font-size': 13, 'font-weight': 'bold', color: color('bad'), 'text-background-color': color('ground'), 'text-background-opacity': 0.9, 'text-background-padding': 1 } },
        { selector: 'edge.near, edge.chosen', style: { ...layer(3), opacity: 1, width: 3 } },
        { selector: 'node.chosen', style: { 'background-color': color('chosen'), color: color('text'), 'border-width': 3 } },
        { selector: '.at', style: { 'outline-width': 3, 'outline-color': color('Cascade'), 'outline-offset': 2 } },
        { selector: '.off', style: { display: 'none' } },
        { selector: '.path', style: { label: 'data(columns)', 'font-size': 11, color: color('text'), opacity: 1, 'text-background-color': color('ground'), 'text-background-opacity': 0.9 } },
        { selector: '.faded', style: { opacity: 0.12, 'text-opacity': 0.3, events: 'no' } },
    ];
}
