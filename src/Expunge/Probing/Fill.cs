namespace Expunge.Probing;

/// <summary>What a row's columns get that nothing has decided, tried in this order.</summary>
internal enum Fill
{
    /// <summary>Only what must have a value.</summary>
    Least,

    /// <summary>What a row that is there already has.</summary>
    AsAnother,

    /// <summary>A value in every column.</summary>
    All,
}
