-- Pages that show the catalog are kept until it changes.
create trigger category_wakes after insert or update or delete or truncate on category
    for each statement execute function notify_topic('catalog');
create trigger plan_wakes after insert or update or delete or truncate on plan
    for each statement execute function notify_topic('catalog');
create trigger app_wakes after insert or update or delete or truncate on app
    for each statement execute function notify_topic('catalog');
create trigger app_dependency_wakes after insert or update or delete or truncate on app_dependency
    for each statement execute function notify_topic('catalog');
create trigger addon_wakes after insert or update or delete or truncate on addon
    for each statement execute function notify_topic('catalog');
create trigger bundle_wakes after insert or update or delete or truncate on bundle
    for each statement execute function notify_topic('catalog');
create trigger industry_wakes after insert or update or delete or truncate on industry
    for each statement execute function notify_topic('catalog');
