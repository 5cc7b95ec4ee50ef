// Buttons with data-copy copy what stands beside them. One listener for all pages: they come and go without a load.
document.addEventListener('click', async event => {
    const button = event.target.closest?.('[data-copy]');
    if (!button) return;
    const text = button.parentElement.querySelector('.sql').textContent;
    const copied = await copy(text, button);
    status().textContent = copied ? 'Copied.' : 'This browser does not let the page copy. Select the text and copy it.';
    if (!copied) return;
    button.dataset.copied = '';
    setTimeout(() => delete button.dataset.copied, 2000);
});

async function copy(text, button) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        // Over HTTP on another machine there is no clipboard but this old way.
        const area = Object.assign(document.createElement('textarea'), { value: text, className: 'unseen' });
        document.body.append(area);
        area.select();
        const done = document.execCommand('copy');
        area.remove();
        button.focus();
        return done;
    }
}

function status() {
    let element = document.getElementById('copy-status');
    if (!element) {
        element = Object.assign(document.createElement('div'), { id: 'copy-status', className: 'unseen' });
        element.setAttribute('role', 'status');
        document.body.append(element);
    }

    return element;
}
