using System.Data.Common;
using Expunge.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Quartz;

namespace Expunge.Server.Workers;

/// <summary>
/// The schedule that all instances share: Quartz.NET in the target database, clustered. What recurs runs on one of them, and a deletion that nobody is at work on is given to one of them.
/// </summary>
internal sealed class Schedule(ISchedulerFactory schedulers)
{
    private const string DeletionId = "deletion";
    private const string DataSource = "schedule";

    /// <summary>Adds the scheduler. An instance that is no worker has one, too, which gives and does not take.</summary>
    public static void AddServices(IServiceCollection services, Database database, ServerOptions options)
    {
        services.AddSingleton<Schedule>().AddSingleton<DeletionWorker>().AddHostedService(provider => provider.GetRequiredService<DeletionWorker>());
        // Of the container, which closes it at the end. Its name is a label of Npgsql's metrics; without one that is the connection string.
        services.AddKeyedSingleton<DbDataSource>(DataSource, (_, _) => new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(database.Settings.ConnectionString) { Pooling = true, MaxPoolSize = 10, ApplicationName = "expunge schedule" }.ConnectionString) { Name = "expunge schedule" }.Build());
        services.AddQuartz(quartz =>
        {
            quartz.ConfigureScheduler(scheduler =>
            {
                (scheduler.InstanceName, scheduler.GenerateInstanceId, scheduler.IdleWaitTime) = ("expunge", true, TimeSpan.FromSeconds(1));
                scheduler.ShutdownJobInterruption = ShutdownJobInterruption.Always;
            });
            quartz.UseDefaultThreadPool(options.ConcurrentDeletions + 4);
            quartz.UsePersistentStore(store =>
            {
                store.UsePostgres(source => source.DataSourceServiceKey = DataSource);
                // ExpungeSchema has made the tables; to look at each of them again takes longer than the rest of the start.
                store.ConfigureStore(settings => (settings.TablePrefix, settings.StoreJobDataAsStrings, settings.SchemaProvisioning) = ("expunge.quartz_", true, SchemaProvisioning.None));
                store.UseClustering(cluster => cluster.CheckinInterval = TimeSpan.FromSeconds(5));
            });
            if (!options.Worker) return;
            Every<UnfinishedDeletions>(quartz, options.QueueEvery);
            Every<Purge>(quartz, options.PurgeEvery);
            Every<OutboxDelivery>(quartz, options.OutboxEvery);
            Every<Verification>(quartz, options.VerifyEvery);
        });
        // A worker that stops waits for its jobs; these are told to stop.
        services.AddQuartzHostedService(host => (host.AutoStart, host.WaitForJobsToComplete) = (options.Worker, true));
    }

    /// <summary>Gives a deletion to some instance. Nothing where it is given already.</summary>
    public async Task GiveAsync(long id, CancellationToken cancellation)
    {
        var scheduler = await schedulers.GetScheduler(cancellation);
        var job = new JobKey($"{id}", DeletionId);
        if (await scheduler.Exists(job, cancellation)) return;
        try
        {
            await scheduler.ScheduleJob(
                JobBuilder.Create<DeletionRun>().WithIdentity(job).UsingJobData(DeletionRun.Id, $"{id}").Build(), TriggerBuilder.Create().WithIdentity($"{id}", DeletionId).StartNow().Build(), cancellationToken: cancellation);
        }
        catch (ObjectAlreadyExistsException)
        {
            // Another instance was quicker.
        }
    }

    // Each start of an instance writes the trigger anew: counted from the start, what recurs daily would never come where servers are deployed daily.
    private static DateTimeOffset Next(DateTimeOffset now, TimeSpan interval) => new((now.UtcTicks / interval.Ticks * interval.Ticks) + interval.Ticks, TimeSpan.Zero);

    private static void Every<TJob>(IQuartzBuilder quartz, TimeSpan interval)
        where TJob : IJob =>
        quartz.ScheduleJob<TJob>(trigger => trigger.WithIdentity(typeof(TJob).Name).StartAt(Next(DateTimeOffset.UtcNow, interval)).WithSimpleSchedule(schedule => schedule.WithInterval(interval).RepeatForever()), job => job.WithIdentity(typeof(TJob).Name));
}
