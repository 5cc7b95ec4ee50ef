using System.Collections.Immutable;
using Expunge.Pictures;
using Expunge.Policy;
using Expunge.Postgres;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.JSInterop;

namespace Expunge.Server.Dashboard;

/// <summary>The reference graph, and the same as a table. wwwroot/schema.js draws; what is selected and found is decided here.</summary>
public sealed partial class SchemaPage
{
    private ElementReference _canvas;
    private ElementReference _cursor;
    private IJSObjectReference? _module;
    private IJSObjectReference? _graph;
    private DotNetObjectReference<SchemaPage>? _self;
    private SchemaView? _drawn;
    private string? _undrawn;
    private bool _drawnDark;
    private bool _asTable;
    private string? _search;
    private string _show = "";
    private SchemaTable? _table;
    private SchemaReference? _reference;
    private string? _opened;
    private ImmutableArray<SchemaReference>? _path;

    /// <summary>Whether the colours are dark.</summary>
    [CascadingParameter(Name = "IsDark")]
    public bool IsDark { get; set; }

    [Inject]
    private Database Database { get; set; } = default!;

    [Inject]
    private PolicyFile Policy { get; set; } = default!;

    [Inject]
    private IJSRuntime Scripts { get; set; } = default!;

    /// <inheritdoc/>
    protected override async Task<SchemaView> ReadAsync(CancellationToken cancellation)
    {
        var view = await SchemaView.ReadAsync(Database, Policy, cancellation);
        (_table, _reference, _path) = (null, null, null);
        return view;
    }

    /// <inheritdoc/>
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (Read is null || _asTable || _undrawn is not null) return;
        if (!ReferenceEquals(_drawn, Read)) await DrawAsync(_drawn = Read);
        else if (_graph is not null && _drawnDark != IsDark) await RecolourAsync();
    }

    private async Task RecolourAsync()
    {
        _drawnDark = IsDark;
        await _graph!.InvokeVoidAsync("recolour");
    }

    private async Task DrawAsync(SchemaView view)
    {
        try
        {
            _drawnDark = IsDark;
            _self ??= DotNetObjectReference.Create(this);
            _module ??= await Scripts.InvokeAsync<IJSObjectReference>("import", $"./{Assets["_content/Expunge.Server/schema.js"]}");
            if (_graph is not null) await _graph.InvokeVoidAsync("end");
            _graph = await _module.InvokeAsync<IJSObjectReference>("draw", _canvas, _cursor, _self, Drawing(view));
            await ShowFoundAsync();
        }
        catch (JSException)
        {
            // Such as Cytoscape.js left out of a build without npm.
            (_undrawn, _asTable) = ("The graph could not be drawn: its script did not load. The table has all that it shows. If Expunge was built without npm, install Node.js and build it again.", true);
            StateHasChanged();
        }
    }

    private static object Drawing(SchemaView view) => new
    {
        groups = view.Groups,
        tables = view.Tables.Select(t => new { t.Id, label = t.Name, t.Table.Depth, t.Group, shared = t.Table.IsShared, stays = !t.Table.LosesRows, words = Words(t) }),
        references = view.References.Select(r => new { r.Id, from = r.From.Id, to = r.To.Id, action = $"{r.Edge.Action}", soft = r.Edge.IsSoft, columns = PictureText.Columns(r.Edge), signs = string.Concat(r.Marks.Select(SchemaMarks.Sign)) }),
    };

    private static string Words(SchemaTable table) => string.Join(", ", table.Marks.Prepend(table.Group is null ? "" : $"group {table.Group}").Prepend(table.Name).Where(w => w.Length > 0));

    /// <summary>Somebody clicked in the graph, or pressed Enter.</summary>
    /// <param name="id">The table or the reference; null for the ground.</param>
    [JSInvokable]
    public async Task SelectAsync(string? id)
    {
        (_table, _reference) = (Read?.Tables.FirstOrDefault(t => t.Id == id), Read?.References.FirstOrDefault(r => r.Id == id));
        if (_reference is not null) _opened = id;
        if (_graph is not null) await _graph.InvokeVoidAsync("select", id);
        StateHasChanged();
    }

    private async Task CloseAsync()
    {
        await SelectAsync(null);
        if (_module is not null) await _module.InvokeVoidAsync("focus", _asTable ? $"open-{_opened}" : _canvas);
    }

    private async Task SearchAsync(string? text)
    {
        _search = text;
        await ShowFoundAsync();
    }

    private async Task ShowAsync(ChangeEventArgs changed)
    {
        _show = $"{changed.Value}";
        await ShowFoundAsync();
    }

    private Task OpenFirstAsync(KeyboardEventArgs pressed)
    {
        var tables = string.IsNullOrWhiteSpace(_search) ? [] : Read!.Tables.Where(t => t.Name.Contains(_search.Trim(), StringComparison.OrdinalIgnoreCase)).OrderBy(t => t.Name.Length).ToList();
        return pressed.Key == "Enter" && tables.Count > 0 ? SelectAsync(tables[0].Id) : Task.CompletedTask;
    }

    private async Task FocusPathAsync(ImmutableArray<SchemaReference>? path)
    {
        _path = path;
        if (_asTable && path is not null) await SwitchAsync(false);
        await ShowFoundAsync();
        StateHasChanged();
    }

    /// <summary>What is found, or on the path, stands out; all of it where nothing is looked for.</summary>
    private async Task ShowFoundAsync()
    {
        if (_graph is null || Read is null) return;
        if (_path is { } path)
        {
            await _graph.InvokeVoidAsync("path", path.Select(r => r.From.Id).Append(path[^1].To.Id), path.Select(r => r.Id));
        }
        else
        {
            var (tables, references) = Read.Find(_search, _show);
            var all = string.IsNullOrWhiteSpace(_search) && _show.Length == 0;
            await _graph.InvokeVoidAsync("show", all ? null : tables.Select(t => t.Id).Concat(references.Select(r => r.Id)));
        }
    }

    private async Task SwitchAsync(bool asTable)
    {
        _asTable = asTable;
        StateHasChanged();
        await Task.Yield();
        if (!asTable && _graph is not null) await _graph.InvokeVoidAsync("fit");
    }

    private int Count(string mark) => Read!.References.Count(r => r.Marks.Contains(mark)) + Read.Tables.Count(t => t.Marks.Contains(mark));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Dispose();
        try
        {
            if (_graph is not null) await _graph.InvokeVoidAsync("end");
            if (_module is not null) await _module.DisposeAsync();
        }
        catch (JSDisconnectedException)
        {
            // The browser is gone, and the graph with it.
        }

        _self?.Dispose();
    }
}
